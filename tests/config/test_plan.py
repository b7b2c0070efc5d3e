"""What a config means in names and files, without Snakemake."""

import re

import pytest

from lionrank.config.plan import Plan
from lionrank.config.settings import training_settings
from lionrank.errors import UserError
from tests.support.configs import CONFIG, ROOT, changed, overlaid
from tests.support.plans import PLAN, SMALL


def test_trainings_and_checkpoints_are_in_the_grids_order(small):
    assert small.trainings == [("gte", "lion", ""), ("minilm", "lion", "")]
    assert small.checkpoints == ["gte_lion_e1", "gte_lion_e2", "minilm_lion_e1", "minilm_lion_e2"]
    assert len(PLAN.checkpoints) == 3 * 2 * 3


def test_a_test_set_after_the_first_has_a_folder_of_its_own(small):
    assert small.first_test_set.name == "dl20"
    for test_set, folder in (("dl20", ""), ("marco_qa_dev", "marco_qa_dev/")):
        assert small.folder(test_set) == folder
        assert small.test_set_in(folder) == small.test_sets[test_set]
    assert small.run_files("dl20") == [
        "results/bm25.trec",
        "results/gte_lion_e1.trec",
        "results/gte_lion_e2.trec",
        "results/minilm_lion_e1.trec",
        "results/minilm_lion_e2.trec",
    ]


def test_topics_are_imported_for_the_thresholds_that_the_grid_evaluates_them_at(small):
    assert PLAN.relevance_levels("msmarco", "dl19") == [1, 2]
    assert PLAN.relevance_levels("msmarco", "train") == [1]
    assert small.relevance_levels("marco_qa", "validation") == [1]
    assert small.relevance_levels("msmarco", "dl19") == [1]  # no test set of that grid


def test_without_a_first_stage_there_is_no_run_file_of_bm25(small):
    assert small.run_files("marco_qa_dev", ".eval") == [
        f"results/marco_qa_dev/{checkpoint}.eval" for checkpoint in small.checkpoints
    ]
    assert "bm25" not in {label["system"] for label in small.labels("marco_qa_dev")}


def test_topics_are_left_out_only_where_there_are_dev_sets_and_the_config_says_so():
    overlap = ["results/overlap.json"]
    assert (PLAN.overlap, PLAN.dropped) == (overlap, [])
    dropping = "evaluation: {drop_development_queries: true}\n"
    assert Plan.read(overlaid(dropping), ROOT).dropped == overlap
    without = Plan.read(overlaid(dropping + "grid: {dev_sets: []}"), ROOT)
    assert (without.overlap, without.dropped) == ([], [])


def test_results_are_of_all_test_sets_or_of_those_that_are_named(small):
    both = [*small.run_files("dl20", ".eval"), *small.run_files("marco_qa_dev", ".eval")]
    assert small.results(".eval") == both
    assert small.results(".trec", ["marco_qa_dev"]) == small.run_files("marco_qa_dev")
    assert small.results(".trec", []) == []


@pytest.mark.parametrize("test_set", ["dl20", "marco_qa_dev"])
def test_labels_are_in_the_order_of_the_run_files(small, test_set):
    labels = small.labels(test_set)
    assert [f"results/{small.folder(test_set)}{label['system']}.trec" for label in labels] == (
        small.run_files(test_set)
    )
    assert {(label["test_set"], label["protocol"]) for label in labels} == {(test_set, "small")}


def test_labels_say_model_optimizer_epoch_and_seed_of_checkpoints_only(small):
    bm25, *trained = small.labels("dl20")
    columns = ["test_set", "system", "model", "optimizer", "epoch", "seed", "protocol"]
    assert [*bm25] == [*trained[0]] == columns
    assert [bm25[key] for key in columns[2:6]] == [None] * 4
    assert [tuple(label[key] for key in columns[2:6]) for label in trained] == [
        ("gte", "lion", 1, 7),
        ("gte", "lion", 2, 7),
        ("minilm", "lion", 1, 7),
        ("minilm", "lion", 2, 7),
    ]


BEST_ON_SECOND = SMALL.replace("dev_sets:", "every_epoch_on: [dl19]\n  dev_sets:")


def test_a_test_set_without_every_epoch_has_the_best_of_each_training():
    plan = Plan.read(overlaid(BEST_ON_SECOND), ROOT)
    assert plan.run_files("dl20") == Plan.read(overlaid(SMALL), ROOT).run_files("dl20")
    assert plan.run_files("marco_qa_dev") == [
        "results/marco_qa_dev/gte_lion_best.trec",
        "results/marco_qa_dev/minilm_lion_best.trec",
    ]
    assert [each["system"] for each in plan.labels("marco_qa_dev")] == [
        "gte_lion_best",
        "minilm_lion_best",
    ]
    # Which one it is, these tell.
    assert {each["epoch"] for each in plan.labels("marco_qa_dev")} == {None}
    assert plan.chosen_on("marco_qa_dev") == plan.best_epochs()
    assert plan.chosen_on("dl20") == []
    assert (plan.jobs()["rerank"], plan.jobs()["best_checkpoint"]) == (4 + 2, 2)


def test_the_first_test_set_has_every_epoch_and_so_have_all_of_the_published_experiment(small):
    for plan in (PLAN, small):
        assert not any(map(plan.chosen_on, plan.test_sets))
        assert "best_checkpoint" not in plan.jobs()
    # An overlay with test sets of its own.
    plan = Plan.read(overlaid("grid: {test_sets: [pydocs, dl19]}"), ROOT)
    assert [name for name in plan.test_sets if plan.chosen_on(name)] == []
    plan = Plan.read(overlaid("grid: {test_sets: [dl19, pydocs]}"), ROOT)
    assert [name for name in plan.test_sets if plan.chosen_on(name)] == ["pydocs"]


@pytest.mark.parametrize(
    ("checkpoint", "parts"),
    [
        ("gte_lion_e2", ("gte", "lion", "", 2)),
        ("gte_lion_best", ("gte", "lion", "", 3)),
        # A treatment may be named so.
        ("gte_best_e1", ("gte", "best", "", 1)),
        ("gte_best_best", ("gte", "best", "", 3)),
        ("gte_best_s13_best", ("gte", "best", "_s13", 3)),
    ],
)
def test_a_checkpoint_is_named_by_its_epoch_or_as_the_best(checkpoint, parts):
    config = changed("optimizers.best", CONFIG["optimizers"]["lion"] | {"label": "B"})
    plan = Plan.read(config, ROOT)
    assert re.fullmatch(plan.trained_pattern, checkpoint)
    assert plan.parts_of(checkpoint) == parts
    assert plan.precision(checkpoint) == "bf16"
    assert not any(re.fullmatch(plan.system_pattern, name) for name in ("gte_best", "gte_lion_e"))


def test_judged_sets_are_dev_sets_and_then_the_test_sets_of_the_paper(small):
    assert small.reported == ["dl20"]
    dev, test = small.judged_sets()
    assert (dev.use, dev.label, test.use, test.label) == (
        *("development", "NanoNQ"),
        *("test", "TREC DL 2020"),
    )
    assert test.topics_file == "collections/msmarco/topics.dl20.tsv"
    assert test.qrels == "collections/msmarco/qrels.dl20.txt"
    assert dev.candidates == "retrieval/nano_nq/test.candidates.parquet"
    assert PLAN.collection == "msmarco"
    assert PLAN.trained_on == ["msmarco"]


def test_a_dev_set_may_have_the_name_of_a_test_set():
    config = changed("dev_sets.dl20", {"label": "x", "collection": "nano_nq", "topics": "test"})
    config["grid"]["dev_sets"] = ["dl20"]
    plan = Plan.read(config, ROOT)
    assert plan.dev_sets["dl20"].qrels == "collections/nano_nq/qrels.test.txt"
    assert plan.test_sets["dl20"].qrels == "collections/msmarco/qrels.dl20.txt"


def test_the_topics_are_those_that_any_judged_set_of_the_config_names():
    config = changed("dev_sets.mine", {"label": "x", "collection": "mine", "topics": "tuning"})
    config["collections"]["mine"] = {"format": "beir", "folder": "mine"}
    assert {"train", "dev", "test", "dl19", "validation", "tuning"} < {
        *Plan.read(config, ROOT).topics
    }


def test_every_training_has_its_files(small):
    assert small.best_epochs() == ["training/gte_lion.best.json", "training/minilm_lion.best.json"]
    assert small.training_logs() == {
        "gte_lion": ["training/gte_lion_e1.jsonl", "training/gte_lion_e2.jsonl"],
        "minilm_lion": ["training/minilm_lion_e1.jsonl", "training/minilm_lion_e2.jsonl"],
    }
    assert small.dev_scores("gte", "lion", "", 2) == [
        "training/gte_lion_e1.dev.json",
        "training/gte_lion_e2.dev.json",
    ]
    assert small.dev_scores("gte", "lion", "", 0) == []
    assert small.settings().keys() == small.training_logs().keys()
    assert small.settings()["gte_lion"]["seed"] == 7


def test_only_a_training_that_may_stop_early_waits_for_scores():
    plan = Plan.read(overlaid("training: {models: {gte: {early_stopping: 1}}}"), ROOT)
    scores = plan.early_stopping.scores
    assert scores("gte", "lion", "", "3") == plan.dev_scores("gte", "lion", "", 2)
    assert scores("gte", "lion", "", 1) == []
    assert scores("minilm", "lion", "", "3") == []


def test_nothing_stops_a_training_before_its_third_epoch():
    decision = PLAN.early_stopping.decision
    assert [decision("gte", "lion", "", epoch) for epoch in ("1", "2", "3")] == [
        *([], []),
        "training/gte_lion_e3.stop.json",
    ]


def test_a_label_is_no_part_of_a_backbone():
    labelled = Plan.read(changed("models.gte.label", "Other"), ROOT)
    assert labelled.backbone("gte") == PLAN.backbone("gte")
    assert PLAN.backbone("gte")["pretrained"] == "gte"


def test_logs_so_far_are_those_that_exist(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert small.logs_so_far() == {}
    log = tmp_path / "training" / "gte_lion_e2.jsonl"
    log.parent.mkdir()
    log.touch()
    assert small.logs_so_far() == {"training/gte_lion_e2.jsonl": log.stat().st_mtime}


def test_the_archive_has_other_results_only_where_all_of_a_test_set_exist(
    small, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    reported = [
        *small.run_files("dl20"),
        *small.run_files("dl20", ".eval"),
        "results/per_query/dl20.parquet",
    ]
    by_depth = ["results/depths.csv"]
    assert small.results_to_archive() == [*reported, *by_depth]
    others = [
        *small.run_files("marco_qa_dev"),
        *small.run_files("marco_qa_dev", ".eval"),
        "results/per_query/marco_qa_dev.parquet",
    ]
    for path in map(tmp_path.joinpath, others):
        assert small.results_to_archive() == [*reported, *by_depth]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert small.results_to_archive() == [*reported, *others, *by_depth]


def test_a_push_needs_a_namespace():
    for ask in (PLAN.repository, PLAN.folder_to_push):
        with pytest.raises(UserError, match=r"hub\.namespace is null"):
            ask("gte_lion_e2")
    plan = Plan.read(changed("hub.namespace", "me"), ROOT)
    assert plan.repository("gte_lion_e2") == "me/gte-lion-e2"
    assert plan.folder_to_push("gte_lion_best") == "hub/gte_lion_best"


def test_passages_are_where_the_grid_needs_them_anyway(small):
    assert small.used_collections() == ["msmarco", "nano_nq"]
    assert small.corpora() == ["collections/msmarco/corpus", "sources/nano_nq"]
    assert [each.name for each in small.test_sets_of("msmarco")] == ["dl20"]
    assert small.track_file("msmarco", "dl20", "qrels") == "sources/dl20_qrels"


SEEDED = SMALL.replace("[7]", "[7, 13, 0]")


def test_every_training_is_done_with_every_seed_the_first_of_which_no_name_has():
    plan = Plan.read(overlaid(SEEDED), ROOT)
    names = [f"{model}_lion{seed}" for model in ("gte", "minilm") for seed in ("", "_s13", "_s0")]
    assert plan.checkpoints == [f"{name}_e{epoch}" for name in names for epoch in (1, 2)]
    assert plan.best_epochs() == [f"training/{name}.best.json" for name in names]
    assert [*plan.training_logs()] == names
    assert plan.run_files("dl20") == [
        "results/bm25.trec",
        *(f"results/{name}.trec" for name in plan.checkpoints),
    ]
    assert [each["seed"] for each in plan.labels("dl20")][1:7] == [7, 7, 13, 13, 0, 0]
    assert plan.dev_scores("gte", "lion", "_s13", 1) == ["training/gte_lion_s13_e1.dev.json"]
    assert (plan.jobs()["initialise"], plan.jobs()["train_epoch"]) == (6, 12)
    assert plan.grid()["seeds"] == [7, 13, 0]


def test_every_seed_stops_and_chooses_by_its_own_development_scores():
    overlay = SEEDED.replace("epochs: 2", "epochs: 3")
    plan = Plan.read(overlaid(overlay, "training: {models: {gte: {early_stopping: 1}}}"), ROOT)
    undecided = plan.early_stopping.undecided
    names = [f"{model}_lion{seed}" for model in ("gte", "minilm") for seed in ("", "_s13", "_s0")]
    assert [*undecided] == [f"{name}_e3" for name in names]
    of_13 = undecided["gte_lion_s13_e3"]
    assert plan.early_stopping.scores(*of_13) == [
        f"training/gte_lion_s13_e{epoch}.dev.json" for epoch in (1, 2)
    ]
    assert plan.early_stopping.decision(*of_13) == "training/gte_lion_s13_e3.stop.json"
    best = BEST_ON_SECOND.replace("[7]", "[7, 13]")
    assert Plan.read(overlaid(best), ROOT).run_files("marco_qa_dev") == [
        f"results/marco_qa_dev/{model}_lion{seed}_best.trec"
        for model in ("gte", "minilm")
        for seed in ("", "_s13")
    ]


def test_the_parts_of_a_checkpoints_name_are_model_optimizer_seed_and_epoch():
    plan = Plan.read(overlaid(SEEDED), ROOT)
    for name in (*plan.checkpoints, "minilm_lion_s13_best"):
        model, optimizer, seed, epoch = plan.parts_of(name)
        assert name in [f"{model}_{optimizer}{seed}_{end}" for end in (f"e{epoch}", "best")]
        assert re.fullmatch(plan.trained_pattern, name)
    assert plan.parts_of("gte_lion_s13_best") == ("gte", "lion", "_s13", 2)
    assert plan.precision("gte_lion_s13_e1") == plan.precision("gte_lion_e1")


def test_no_setting_of_a_training_depends_on_the_seeds_after_its_own():
    alone, several = (Plan.read(overlaid(each), ROOT) for each in (SMALL, SEEDED))
    one, other = (training_settings(each.config, "gte", "lion") for each in (alone, several))
    assert one == other == training_settings(several.config, "gte", "lion", "_s13") | {"seed": 7}
    assert several.settings() == alone.settings()


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (
            "_s14",
            r"grid\.seeds: has no 14, so that nothing is named _s14: append it, .* 13, 0",
        ),
        ("_s7", r"grid\.seeds: 7 is the first one, which names leave out: .* without _s7"),
    ],
)
def test_a_seed_that_the_grid_does_not_have_is_named(seed, message):
    config = Plan.read(overlaid(SEEDED), ROOT).config
    with pytest.raises(UserError, match=message):
        training_settings(config, "gte", "lion", seed)


def test_a_reranking_in_shards_has_more_jobs(small):
    assert small.jobs()["rerank"] == 4 * 2
    plan = Plan.read(overlaid(SMALL + "reranking: {shards: 3}"), ROOT)
    assert (plan.jobs()["rerank_shard"], plan.jobs()["join_shards"]) == (24, 8)
    assert "rerank" not in plan.jobs()


@pytest.mark.parametrize("sources", [None, "x", {}, {"table": 5}])
def test_a_config_without_a_table_of_sources_is_told_so(sources):
    with pytest.raises(UserError, match="config: sources"):
        Plan.read(CONFIG | {"sources": sources}, ROOT)


def test_a_table_of_sources_that_does_not_exist_is_named():
    with pytest.raises(UserError, match=r"sources\.table: \S+/config/no\.csv does not exist"):
        Plan.read(changed("sources.table", "config/no.csv"), ROOT)
    with pytest.raises(UserError, match=r"sources\.table: \S+/config is no file"):
        Plan.read(changed("sources.table", "config"), ROOT)
