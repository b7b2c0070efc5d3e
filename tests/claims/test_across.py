"""Claims about treatments across models: what holds in a published table, and on our results."""

import re
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lionrank.claims.decide import ON_PAPER
from lionrank.claims.parts import conclude
from tests.support.studied import counted, decide, measured, on_paper, published, trainings

PUBLISHED = Path(__file__).parents[2] / "paper" / "published"
ETTIN = ["ettin17m", "ettin32m", "ettin68m", "ettin150m"]
ENCODERS = dict(zip(ETTIN, (4_000_000, 8_000_000, 16_000_000, 32_000_000), strict=True))
CHECKSUM = "b58296df17021afb5d52db113cfedb6147f97eeb3c58c92ffc32b5717dd4eaf6"
SETS = ["dl19", "dl20", "marco_dev", "beir13", "lotte", "robust04"]


def test_the_table_of_objectives_has_all_values_as_they_were_published():
    table = pd.read_csv(PUBLISHED / "objectives" / "table.csv", dtype=str)
    cells = table.pivot(index=["model", "treatment"], columns="test_set", values="value")
    assert cells.shape == (54, 6) and not cells.isna().any().any()
    assert cells["dl19"]["electra", "ranknet"] == "0.769933"
    assert cells["beir13"]["ettin17m", "adrmse"] == "0.298892"
    assert sha256("".join(sorted(table["value"])).encode()).hexdigest() == CHECKSUM


@pytest.mark.parametrize(
    ("claim", "tests"),
    [
        ("d1", [{"holds": 54}, {"holds": 54}]),
        ("d2", [{"holds": 54}]),
        ("d3", [{"holds": 44, "does not hold": 10}]),
        ("d4", [{"holds": 42, "does not hold": 12}, {"holds": 45, "does not hold": 9}]),
        ("d5", [{"holds": 49, "does not hold": 5}, {"holds": 45, "does not hold": 9}]),
        ("d6", [{"holds": 18}, {"holds": 18}]),
        ("d6a", [{"holds": 2, "does not hold": 4}, {"holds": 1, "does not hold": 5}]),
        ("d7", [{"holds": 1, "does not hold": 5}]),
    ],
)
def test_what_holds_in_the_table_of_objectives(claim, tests):
    found = on_paper("objectives", claim)
    assert [counted(parts) for parts in found] == tests
    verdict = conclude([conclude(parts) for parts in found]).verdict
    fails = any("does not hold" in test for test in tests)
    assert ON_PAPER[verdict] == ("does not hold" if fails else "holds")


def test_the_smallest_model_with_infonce_is_as_good_as_the_largest_with_bce_on_two_test_sets():
    (infonce, _) = on_paper("objectives", "d6a")
    failing = [each.reason for each in infonce if ON_PAPER[each.verdict] == "does not hold"]
    assert [reason.split(":")[0] for reason in failing] == [
        f"nDCG@10 on {label}" for label in ("DL19", "MS MARCO dev", "BEIR13", "LoTTE")
    ]
    assert failing[0].endswith(
        "0.6388 for Ettin-17M + InfoNCE; 0.6530 for Ettin-150M + BCE; margin 0.01"
    )


def test_the_gain_by_the_objective_falls_with_the_size_as_least_squares_say():
    (parts,) = on_paper("objectives", "d7")
    courses = [re.search(r"(falls|rises) by (\S+) per doubling", each.reason) for each in parts]
    told = [{"falls": -1, "rises": 1}[each[1]] * float(each[2]) for each in courses if each]
    assert told == [-0.0289, -0.0383, -0.0234, -0.0197, -0.0192, 0.0075]
    table = pd.read_csv(PUBLISHED / "objectives" / "table.csv")
    cells = table.pivot(index=["test_set", "model"], columns="treatment", values="value")
    gains = (cells["infonce"] - cells["bce"]).unstack().loc[SETS, ETTIN]
    doublings = np.log2([17, 32, 68, 150])
    slopes = np.polyfit(doublings, gains.to_numpy().T, 1)[0]
    np.testing.assert_allclose(told, slopes, atol=1e-4)


def test_nothing_was_published_of_the_optimizers_by_size():
    for claim in ("s1", "s2", "s3"):
        for parts in on_paper("sizes", claim):
            assert counted(parts) == {"not testable": 1}
    reason = on_paper("sizes", "s2")[0][0].reason
    assert reason == "no nDCG@10 on DL20 of MiniLM-L6 + Lion was published"


def of_all_models(treatments):
    return dict.fromkeys(SETS, trainings(published("objectives").study.models, treatments))


@pytest.mark.parametrize(
    ("infonce", "noise", "verdict"),
    [
        (0.6, 1e-4, "replicated"),
        (0.4, 1e-4, "contradicted"),
        (0.51, 0.3, "inconclusive"),
    ],
)
def test_above_all_needs_every_model_and_test_set(tmp_path, infonce, noise, verdict):
    means = of_all_models({"bce": 0.5, "infonce": infonce, "marginmse": 0.6})
    found = decide("objectives", "d1", measured(tmp_path, means, noise))
    assert found["verdict"] == verdict
    if noise < 0.1:
        assert found["tests"][0]["parts"] == {verdict: 54}
        # Each pair is in the correction, and none of 4,000 permutations is as extreme.
        assert found["p"] == pytest.approx(108 / 4001)
        assert found["difference"] == pytest.approx(0.1 if infonce > 0.5 else -0.1)


def test_one_model_on_one_test_set_contradicts_what_is_said_of_all(tmp_path):
    means = of_all_models({"bce": 0.5, "hinge": 0.6})
    means = means | {"lotte": means["lotte"] | {"electra_hinge": 0.45}}
    found = decide("objectives", "d2", measured(tmp_path, means))
    assert found["parts"] == {"replicated": 53, "contradicted": 1}
    assert found["verdict"] == "contradicted"
    assert found["reason"] == "nDCG@10 on LoTTE: ELECTRA + Hinge minus ELECTRA + BCE"


@pytest.mark.parametrize(
    ("ranknet", "verdict"),
    [(0.55, "replicated"), (0.58, "replicated"), (0.7, "contradicted"), (0.6, "inconclusive")],
)
def test_the_best_of_two_is_above_all_others(tmp_path, ranknet, verdict):
    means = of_all_models(
        {
            "infonce": 0.6,
            "marginmse": 0.57,
            "bce": 0.4,
            "hinge": 0.5,
            "ranknet": ranknet,
            "adrmse": 0.5,
        }
    )
    few = {"dl19": {k: v for k, v in means["dl19"].items() if k.startswith("bert_")}}
    found = decide("objectives", "d3", measured(tmp_path, few))
    of_bert = found["tests"][0]["parts"].get(verdict)
    assert of_bert == 1


def test_what_is_not_in_the_grid_is_lacking(tmp_path):
    means = {"dl19": trainings(["minilm"], {"bce": 0.5, "infonce": 0.6})}
    found = decide("objectives", "d1", measured(tmp_path, means))
    assert found["verdict"] == "inconclusive"
    assert found["parts"] == {"replicated": 1, "not testable": 107}
    assert found["tests"][1]["verdict"] == "not testable"
    assert found["tests"][1]["reason"] == "bert_marginmse is not in the grid"
    nowhere = {"scifact": trainings(["minilm"], {"bce": 0.5})}
    found = decide("objectives", "d2", measured(tmp_path / "other", nowhere))
    assert (found["verdict"], found["reason"]) == (
        "not testable",
        "dl19 is not among the test sets",
    )


def test_a_published_average_is_one_of_ours_of_the_same_name(tmp_path):
    parts = {
        name: trainings(["minilm"], {"bce": 0.5, "hinge": hinge})
        for name, hinge in (("nfcorpus", 0.49), ("scifact", 0.7))
    }
    ours = measured(tmp_path, parts, averages={"beir13": {"nfcorpus": 1, "scifact": 1}})
    found = decide("objectives", "d2", ours)
    assert found["parts"] == {"replicated": 1, "not testable": 53}
    assert found["reason"] == "dl19 is not among the test sets"


STEPS = {"dl19": {f"{model}_{t}": 0.5 for model in ETTIN for t in ("bce", "infonce", "marginmse")}}


@pytest.mark.parametrize(
    ("smaller", "noise", "verdict"),
    [
        # Just below, and not by as much as the margin.
        (0.495, 1e-4, "replicated"),
        (0.6, 1e-4, "replicated"),
        (0.48, 1e-4, "contradicted"),
        (0.495, 0.1, "inconclusive"),
        (0.48, 0.3, "inconclusive"),
    ],
)
def test_a_small_model_is_not_below_a_large_one_by_more_than_a_margin(
    tmp_path, smaller, noise, verdict
):
    means = {"dl19": STEPS["dl19"] | {"ettin17m_infonce": smaller, "ettin17m_marginmse": smaller}}
    found = decide("objectives", "d6a", measured(tmp_path, means, noise))
    assert found["tests"][0]["parts"] == {verdict: 1, "not testable": 5}
    if verdict == "contradicted":
        assert found["verdict"] == "contradicted"
        assert found["difference"] == pytest.approx(-0.02)
        assert found["p"] <= 0.05
    assert found["tests"][1]["parts"] == {verdict: 1, "not testable": 5}


def changing(per_doubling, gain=0.1, models=ETTIN, treatments=("infonce", "bce")):
    """Return means in which the gain by a treatment changes so with each doubling."""
    first, second = treatments
    gains = {model: gain + per_doubling * place for place, model in enumerate(models)}
    means = {f"{model}_{first}": 0.5 + gain for model, gain in gains.items()}
    return means | {f"{model}_{second}": 0.5 for model in models}


@pytest.mark.parametrize(
    ("per_doubling", "noise", "verdict"),
    [
        (0.004, 1e-4, "replicated"),
        (-0.03, 1e-4, "contradicted"),
        (0.03, 1e-4, "contradicted"),
        (0.0, 0.3, "inconclusive"),
    ],
)
def test_a_gain_is_level_where_its_slope_is_shown_to_be_within_the_margin(
    tmp_path, per_doubling, noise, verdict
):
    means = dict.fromkeys(SETS, changing(per_doubling))
    found = decide("objectives", "d7", measured(tmp_path, means, noise, encoders=ENCODERS))
    assert found["verdict"] == verdict
    assert found["parts"] == {verdict: 6}
    if noise < 0.1:
        assert found["difference"] == pytest.approx(per_doubling)
        assert found["p"] <= 0.05


LION = {"treatments": ("lion", "adamw")}


@pytest.mark.parametrize(
    ("per_doubling", "noise", "scales", "is_level"),
    [
        (0.03, 1e-4, "replicated", "contradicted"),
        (-0.03, 1e-4, "replicated", "contradicted"),
        # Different from 0, and by less than the margin.
        (0.004, 1e-4, "replicated", "replicated"),
        (0.0, 3e-2, "contradicted", "replicated"),
        (0.0, 0.5, "inconclusive", "inconclusive"),
    ],
)
def test_the_gap_of_optimizers_may_change_with_the_size(
    tmp_path, per_doubling, noise, scales, is_level
):
    means = {"dl20": changing(per_doubling, **LION)}
    ours = measured(tmp_path, means, noise, encoders=ENCODERS)
    ettin, minilm = decide("sizes", "s1", ours)["tests"]
    assert ettin["verdict"] == scales
    # Of the sizes that are named, those are taken that are here.
    assert "over Ettin-17M, Ettin-32M, Ettin-68M and Ettin-150M, margin" in ettin["reason"]
    assert (minilm["verdict"], minilm["reason"]) == (
        "not testable",
        "minilml6_lion is not in the grid",
    )
    assert decide("sizes", "s3", ours)["tests"][0]["verdict"] == is_level


def test_a_slope_of_two_models_is_a_difference_of_differences(tmp_path):
    means = {"dl20": changing(0.06, models=["minilml6", "minilm"], **LION)}
    ours = measured(tmp_path, means, encoders={"minilml6": 10_000_000, "minilm": 20_000_000})
    found = decide("sizes", "s1", ours)["tests"][1]
    assert found["verdict"] == "replicated"
    assert found["difference"] == pytest.approx(0.06)


def test_a_slope_needs_the_sizes_of_the_models(tmp_path):
    found = decide("sizes", "s1", measured(tmp_path, {"dl20": changing(0.06, **LION)}))
    assert found["verdict"] == "not testable"
    assert found["reason"] == (
        "study.yaml tells of no parameters of models, so that ours were not counted"
    )


def test_models_of_one_size_have_no_slope(tmp_path):
    means = {"dl20": changing(0.06, **LION)}
    ours = measured(tmp_path, means, encoders=dict.fromkeys(ETTIN, 7))
    found = decide("sizes", "s1", ours)
    assert found["verdict"] == "not testable"
    assert found["reason"] == (
        "Ettin-17M, Ettin-32M, Ettin-68M and Ettin-150M have the same number of parameters"
    )


@pytest.mark.parametrize(
    ("six", "twelve", "noise", "verdict"),
    [
        (0.02, 0.1, 1e-4, "replicated"),
        (-0.02, -0.1, 1e-4, "replicated"),
        (-0.02, 0.1, 1e-4, "contradicted"),
        # That one of two is significant tells nothing of the other.
        (0.0, 0.1, 1e-2, "inconclusive"),
        (0.02, 0.1, 0.5, "inconclusive"),
    ],
)
def test_a_gap_has_the_same_sign_on_two_models(tmp_path, six, twelve, noise, verdict):
    means = {
        "dl20": {
            "minilml6_lion": 0.5 + six,
            "minilml6_adamw": 0.5,
            "minilm_lion": 0.5 + twelve,
            "minilm_adamw": 0.5,
        }
    }
    assert decide("sizes", "s2", measured(tmp_path, means, noise))["verdict"] == verdict


def test_several_seeds_are_averaged_before_their_slope_is_taken(tmp_path):
    first, second = ({"dl20": changing(slope, **LION)} for slope in (0.01, 0.05))
    ours = measured(tmp_path, first, others=[second], encoders=ENCODERS)
    assert decide("sizes", "s1", ours)["tests"][0]["difference"] == pytest.approx(0.03)
