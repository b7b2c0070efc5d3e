"""What a config means in names and files, without Snakemake."""

import re

import pytest

from lionrank.config.plan import Plan
from lionrank.config.settings import training_settings
from lionrank.errors import UserError
from tests.support.configs import CONFIG, ROOT, changed, overlaid
from tests.support.plans import PLAN, SEEDED, SMALL


def test_trainings_and_checkpoints_are_in_the_grids_order(small):
    assert small.trainings == [("gte", "lion", ""), ("minilm", "lion", "")]
    assert small.checkpoints == ["gte_lion_e1", "gte_lion_e2", "minilm_lion_e1", "minilm_lion_e2"]
    assert len(PLAN.checkpoints) == 3 * 2 * 3


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
    assert not any(
        re.fullmatch(plan.results.system_pattern, name) for name in ("gte_best", "gte_lion_e")
    )


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


def test_a_label_is_no_part_of_a_backbone():
    labelled = Plan.read(changed("models.gte.label", "Other"), ROOT)
    assert labelled.backbone("gte") == PLAN.backbone("gte")
    assert PLAN.backbone("gte")["pretrained"] == "gte"


def test_every_training_is_done_with_every_seed_the_first_of_which_no_name_has():
    plan = Plan.read(overlaid(SEEDED), ROOT)
    names = [f"{model}_lion{seed}" for model in ("gte", "minilm") for seed in ("", "_s13", "_s0")]
    assert plan.checkpoints == [f"{name}_e{epoch}" for name in names for epoch in (1, 2)]
    assert plan.best_epochs() == [f"training/{name}.best.json" for name in names]
    assert [*plan.training_logs()] == names
    assert plan.results.run_files("dl20") == [
        "results/bm25.trec",
        *(f"results/{name}.trec" for name in plan.checkpoints),
    ]
    assert [each["seed"] for each in plan.results.labels("dl20")][1:7] == [7, 7, 13, 13, 0, 0]
    assert plan.dev_scores("gte", "lion", "_s13", 1) == ["training/gte_lion_s13_e1.dev.json"]
    assert (plan.audit.jobs()["initialise"], plan.audit.jobs()["train_epoch"]) == (6, 12)
    assert plan.grid()["seeds"] == [7, 13, 0]


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


@pytest.mark.parametrize("sources", [None, "x", {}, {"table": 5}])
def test_a_config_without_a_table_of_sources_is_told_so(sources):
    with pytest.raises(UserError, match="config: sources"):
        Plan.read(CONFIG | {"sources": sources}, ROOT)


def test_a_table_of_sources_that_does_not_exist_is_named():
    with pytest.raises(UserError, match=r"sources\.table: \S+/config/no\.csv does not exist"):
        Plan.read(changed("sources.table", "config/no.csv"), ROOT)
    with pytest.raises(UserError, match=r"sources\.table: \S+/config is no file"):
        Plan.read(changed("sources.table", "config"), ROOT)
