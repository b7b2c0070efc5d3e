"""Claims about what else than the treatment makes a difference: by what records say."""

import os

import pytest

from lionrank.files import read_json, write_json, write_json_lines
from tests.support.rule_scripts import of_repository, run_script
from tests.support.studied import (
    counted,
    decide,
    learning,
    measured,
    on_paper,
    published,
    trainings,
)

STUDY = published("objectives").study
MODELS, PUBLISHED = [*STUDY.models], [*STUDY.test_sets]
OBJECTIVES = ["bce", "hinge", "infonce", "marginmse", "ranknet", "adrmse"]
MEANS = {"dl19": trainings(["minilm", "bert"], dict.fromkeys(OBJECTIVES, 0.5))}


def test_the_published_objectives_learned_from_other_passages_and_had_other_work():
    (d8,) = on_paper("objectives", "d8")
    assert counted(d8) == {"does not hold": 1}
    assert d8[0].reason == (
        "training examples: a relevant passage and 7 of ColBERTv2's top 500 with InfoNCE; "
        "MS MARCO's triples with BCE"
    )
    (d10,) = on_paper("objectives", "d10")
    # Hinge and MarginMSE have the passages of BCE. Passes are given of two of six.
    assert counted(d10) == {"holds": 2, "does not hold": 3, "not testable": 5}
    assert d10[1].reason == (
        "passages read in training: 12,800,000 with BCE; 6,400,000 with InfoNCE"
    )


def test_of_the_controls_nothing_was_published():
    for parts in on_paper("objectives", "d8a"):
        assert counted(parts).keys() == {"not testable"}


def test_controls_learn_from_the_same_and_leave_the_loss_alone(tmp_path):
    control = {"bce": 0.5, "infonce": 0.6, "bcecolbert": 0.55, "infoncetriplets": 0.6}
    data = {"bce": "triplets", "infoncetriplets": "triplets", "infonce": "c", "bcecolbert": "c"}
    means = dict.fromkeys(PUBLISHED, trainings(MODELS, control))
    found = decide("objectives", "d8a", measured(tmp_path, means, data=learning(**data)))
    assert found["verdict"] == "replicated"
    assert found["parts"] == {"replicated": 2 + 2 * 54}
    data = data | {"bcecolbert": "triplets"}
    found = decide("objectives", "d8a", measured(tmp_path, means, data=learning(**data)))
    assert found["verdict"] == "contradicted"
    assert found["reason"].endswith("c with InfoNCE; triplets with BCE on InfoNCE's passages")


def test_what_chose_the_published_checkpoints_has_queries_of_the_test_sets():
    (parts,) = on_paper("objectives", "d9")
    assert counted(parts) == {"does not hold": 1, "holds": 2, "not testable": 3}
    reason = "BEIR13 has queries that NanoBEIR chose the checkpoints by"
    assert reason in [each.reason for each in parts]


@pytest.mark.parametrize(
    ("infonce", "verdict", "reason"),
    [
        ("lists", "replicated", "training examples: lists with InfoNCE; lists with BCE"),
        ("pairs", "contradicted", "training examples: pairs with InfoNCE; lists with BCE"),
    ],
)
def test_the_data_of_two_treatments_are_the_same_by_their_checksums(
    tmp_path, infonce, verdict, reason
):
    ours = measured(tmp_path, MEANS, data=learning(bce="lists", infonce=infonce))
    found = decide("objectives", "d8", ours)
    assert (found["verdict"], found["reason"]) == (verdict, reason)
    assert found["p"] is None


def test_the_work_of_treatments_is_that_of_their_logs(tmp_path):
    data = learning(**dict.fromkeys(OBJECTIVES, "lists"))
    ours = measured(tmp_path, MEANS, data=data)
    found = decide("objectives", "d10", ours)
    assert found["verdict"] == "replicated"
    assert found["parts"] == {"replicated": 10}
    write_json_lines(ours.logs["minilm_ranknet"][0], [{"step": 1, "examples": 50}])
    found = decide("objectives", "d10", ours)
    assert found["verdict"] == "contradicted"
    assert found["parts"] == {"replicated": 9, "contradicted": 1}
    assert found["reason"] == "passages read in training: 6,400 with BCE; 50 with RankNet"


def test_the_work_of_several_seeds_is_their_mean(tmp_path):
    data = learning(**dict.fromkeys(OBJECTIVES, "lists"))
    ours = measured(tmp_path, MEANS, others=[MEANS], data=data)
    assert decide("objectives", "d10", ours)["verdict"] == "replicated"
    # One seed had an epoch more than the others.
    ours.logs["minilm_ranknet_s13"].append(ours.logs["minilm_ranknet_s13"][0])
    found = decide("objectives", "d10", ours)
    assert found["verdict"] == "contradicted"
    assert found["reason"] == "passes over the training data: 1 with BCE; 1.5 with RankNet"
    write_json_lines(ours.logs["minilm_ranknet_s13"][0], [{"step": 1, "examples": 50}])
    found = decide("objectives", "d10", ours)
    assert found["reason"] == "passages read in training: 6,400 with BCE; 3,225 with RankNet"


def test_what_was_not_trained_has_no_data(tmp_path):
    means = {"dl19": trainings(["minilm"], {"bce": 0.5})}
    found = decide("objectives", "d8", measured(tmp_path, means, data=learning(bce="pairs")))
    assert found["verdict"] == "not testable"
    assert found["reason"] == "minilm_infonce is not in the grid"


@pytest.mark.parametrize(
    ("claim", "reason"), [("d8", "no data of treatments"), ("d9", "no dev sets")]
)
def test_what_the_study_does_not_tell_of_is_not_read(tmp_path, claim, reason):
    found = decide("objectives", claim, measured(tmp_path, MEANS))
    assert found["verdict"] == "not testable"
    assert f"study.yaml tells of {reason}" in {found["reason"], found["reason"].split(",")[0]}


SETS = ["dl19", "dl20", "marco_dev", "nfcorpus", "scifact", "lotte", "robust04"]
ALL = dict.fromkeys(SETS, trainings(["minilm"], {"bce": 0.5}))
APART = dict.fromkeys(SETS, (50, 0))


@pytest.mark.parametrize(
    ("shared", "left_out", "verdict", "reason"),
    [
        ({}, False, "replicated", "DL19: 0 of 50 topics are development queries"),
        (
            {"scifact": (50, 7)},
            False,
            "contradicted",
            "BEIR13: 7 of 100 topics are development queries",
        ),
        ({"scifact": (50, 7)}, True, "replicated", "DL19: 0 of 50 topics are development queries"),
    ],
)
def test_development_queries_among_the_topics_are_counted(
    tmp_path, shared, left_out, verdict, reason
):
    averages = {"beir13": {"nfcorpus": 1, "scifact": 1}}
    ours = measured(tmp_path, ALL, averages=averages, shared=APART | shared, are_left_out=left_out)
    found = decide("objectives", "d9", ours)
    assert (found["verdict"], found["reason"]) == (verdict, reason)


def test_a_test_set_that_is_not_here_is_not_testable(tmp_path):
    means = {"dl19": trainings(["minilm"], {"bce": 0.5})}
    found = decide("objectives", "d9", measured(tmp_path, means, shared={"dl19": (43, 0)}))
    assert found["parts"] == {"replicated": 1, "not testable": 5}
    assert found["reason"] == "dl20 is not among the test sets"


def test_the_rule_takes_parameters_data_and_overlap_from_their_records(tmp_path):
    models, treatments = ["ettin17m", "ettin32m"], ["adamw", "infonce"]
    means = {"dl19": trainings(models, {"adamw": 0.5, "infonce": 0.6})}
    ours = measured(tmp_path, means)
    (replicate,) = ours.per_query.replicates
    encoders = {model: {"encoder": 2**place, "parameters": 9} for place, model in enumerate(models)}
    write_json(tmp_path / "parameters.json", encoders)
    write_json(tmp_path / "lists.json", {"sha256": {"train": "a", "held_out": "b"}})
    write_json(tmp_path / "overlap.json", {"dl19": {"topics": 43, "shared": {"q1": {"nano": "7"}}}})
    job = {
        "input": {
            "per_query": str(replicate.path),
            "best": [str(path) for path in (tmp_path / "training").glob("*.best.json")],
            **{key: [f"{key}.json"] for key in ("parameters", "overlap")},
            "data": ["lists.json"],
            "choices": [],
            **ours.logs,
        },
        "output": ["results/claims/objectives.json"],
        "params": {
            "grid": {
                "models": {each: {"label": each, "start": "pretrained"} for each in models},
                "optimizers": {each: each for each in treatments},
                "epochs": [1],
                "recipes": {
                    "adamw": {"optimizer": "adamw", "objective": "bce", "data": "lists"},
                    "infonce": {"optimizer": "adamw", "objective": "infonce", "data": "lists"},
                },
            },
            "levels": {"dl19": 1},
            "averages": {},
            "stand_ins": {},
            "scorings": {},
            "settings": {},
            "learnt": dict.fromkeys(treatments, "lists.json"),
            "dropped": False,
            "study": [of_repository("paper/published/objectives/study.yaml")],
            "draws": {"permutations": 2000, "resamples": 100, "confidence": 0.95, "seed": 1},
        },
    }
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = run_script("claims/claims.py", job, tmp_path, environment)
    assert done.status == 0, done.log
    decided = read_json(tmp_path / "results" / "claims" / "objectives.json")
    ours = {claim["id"]: claim["ours"] for claim in decided["claims"]}
    # BCE is what adamw learns by here, and was trained here.
    assert decided["not_trained_here"] == {}
    assert ours["d1"]["parts"] == {"replicated": 2, "not testable": 106}
    assert ours["d7"]["parts"] == {"replicated": 1, "not testable": 5}
    assert ours["d8"]["reason"] == "training examples: lists with InfoNCE; lists with BCE"
    assert ours["d9"]["parts"] == {"contradicted": 1, "not testable": 5}
    assert ours["d9"]["reason"] == "DL19: 1 of 43 topics are development queries"
