"""The config's checks: each mistake stops with one line that names the key."""

import copy
import subprocess
import sys

import pytest
import yaml

from lionrank.config.check import check
from lionrank.errors import UserError
from tests.support.configs import CONFIG, ROOT, SCHEMA, SOURCES, changed, overlaid


def test_the_config_as_it_is_passes():
    check(CONFIG, SCHEMA, SOURCES)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("training.defaults.learing_rate", 1e-5, "did you mean 'learning_rate'"),
        ("retreival", {}, "top level: unknown key 'retreival'; did you mean 'retrieval'?"),
        ("training.defaults.learning_rate", "2e-5", "write it without quotes"),
        ("training.defaults.seed", "twelve", "training.defaults.seed: 'twelve' is not of type"),
        ("training.defaults.precision", "bf6", "unknown value 'bf6'; did you mean 'bf16'?"),
        ("grid.epochs", -1, "grid.epochs: -1 is less than the minimum"),
        (
            "grid.optimizers",
            ["adamw", "loin"],
            "grid.optimizers: unknown 'loin'; did you mean 'lion'",
        ),
        ("grid.models", ["bert"], "known: minilm, gte, modernbert"),
        ("grid.test_sets", ["dl99"], "grid.test_sets: unknown 'dl99'"),
        (
            "training.models.minilmm",
            {},
            "training.models: unknown 'minilmm'; did you mean 'minilm'",
        ),
        ("training.models_and_optimizers.gte_loin", {}, "did you mean 'gte_lion'"),
        ("models.gte.pretrained", "gtee", "models.gte: unknown 'gtee'; did you mean 'gte'?"),
        ("models.gte.revision", "main", "models.gte: unknown key 'revision'"),
        ("sources.local", {"gtt": "/x"}, "sources.local: unknown 'gtt'; did you mean 'gte'?"),
        ("collections.pydocs.format", "pydoc", "unknown value 'pydoc'; did you mean 'pydocs'?"),
        ("collections.pydocs.packges", [], "collections.pydocs: unknown key 'packges'; did you"),
        ("collections.pydocs.body_characters", [9, 2], "collections.pydocs.body_characters: 9 > 2"),
        ("collections.mine", {"format": "beir"}, "collections.mine: the key 'folder' is missing"),
        ("collections.mine", {"folder": "x"}, "collections.mine: the key 'format' is missing"),
        ("collections.msmarco.topics.a", "dl19_topics", "collections.msmarco.qrels: unknown 'a'"),
        ("collections.nano_nq.source", "nano_qn", "collections.nano_nq: unknown 'nano_qn'; did"),
        ("test_sets.dl19.topics", "dl18", "test_sets.dl19.topics: unknown 'dl18'; did you mean"),
        ("grid.test_sets", ["marco_qa_dev"], "'marco_qa_dev' has no first stage to compare with"),
        ("training_pairs.collection", "marco_qa", "unknown 'train'; known: validation"),
        ("training_pairs.held_out.by", "queries", "unknown value 'queries'; did you mean 'query'"),
        ("models.gte.pretrained", None, "models.gte: set either pretrained or architecture"),
        ("optimizers.lion.arguments.lr", 1.0, "optimizers.lion.arguments.lr: this is a setting of"),
        (
            "optimizers.lion.arguments",
            {"weight_decay": 0.1},
            "arguments.weight_decay: this is a setting of the training:",
        ),
        ("optimizers.lion.class", "torch.optim.LBFGS", "lion.class: torch.optim.LBFGS computes"),
        ("optimizers.lion.class", "torch.optim.Rprop", "set training.optimizers.lion.weight_decay"),
        ("training_pairs.hardest_rank", 1000, "training_pairs.hardest_rank"),
        (
            "training.defaults.warmup_ratio",
            0.1,
            "training.defaults: unknown key 'warmup_ratio'; did you mean 'warmup'?",
        ),
        ("training.defaults.warmup", -1, "training.defaults.warmup: -1 is less than the minimum"),
        (
            "training.models.gte",
            {"warmup": 1.5},
            "training.models.gte.warmup: 1.5 is neither a share below 1 nor a whole number",
        ),
        ("training.defaults.early_stopping", 0, "early_stopping: 0 is less than the minimum of 1"),
        ("training.defaults.decay_biases_and_norms", "no", "'no' is not of type 'boolean'"),
        ("grid.dev_sets", ["nano_ms"], "unknown 'nano_ms'; did you mean 'nano_msmarco'?"),
        (
            "dev_sets.nano_nq.collection",
            "nano_qn",
            "dev_sets.nano_nq.collection: unknown 'nano_qn'",
        ),
        ("dev_sets.nano_nq.topics", "dev", "dev_sets.nano_nq.topics: unknown 'dev'; known: test"),
        ("hardware.gpus", 65, "hardware.gpus: 65 is greater than the maximum of 64"),
        ("hardware.per_device_batch", 0, "per_device_batch: 0 is less than the minimum of 1"),
        ("hardware.workers", -1, "hardware.workers: -1 is less than the minimum of 0"),
        ("hardware.state_every", {}, "hardware.state_every: set one of minutes and steps"),
        (
            "hardware.state_every.steps",
            500,
            "hardware.state_every: set one of minutes and steps; in an overlay {minutes: null, ",
        ),
        (
            "hardware.state_every.minutes",
            0,
            "hardware.state_every.minutes: 0 is less than or equal",
        ),
        ("tracking", "wand", "tracking: unknown value 'wand'; did you mean 'wandb'?"),
        ("hub.namspace", "me", "hub: unknown key 'namspace'; did you mean 'namespace'?"),
        (
            "paper.columns",
            [{"test_set": "dl91", "metrics": ["map"]}],
            "paper.columns: unknown 'dl91'; did you mean 'dl19'?",
        ),
        (
            "paper.columns",
            [{"test_set": "dl19", "metrics": ["mapp"]}],
            "paper.columns.0.metrics.0: unknown value 'mapp'; did you mean 'map'?",
        ),
        ("paper.claims_on", {"dl19": "pydoc"}, "paper.claims_on.dl19: unknown 'pydoc'; did you"),
        (
            "comparisons.measures",
            [{"test_set": "d", "metric": "map"}],
            "comparisons.measures: unknown 'd'; known: dl19",
        ),
        (
            "comparisons.families",
            ["optimisers"],
            "comparisons.families.0: unknown value 'optimisers'; did you mean 'optimizers'?",
        ),
        ("comparisons.permutations", 1000, "1000 is less than the minimum of 100000"),
        (
            "evaluation.relevance_level",
            3,
            "evaluation.relevance_level: 3 is not among test_sets.dl19.relevance_levels (1, 2)",
        ),
        ("test_sets.dl19.relevance_levels", [0], "relevance_levels.0: 0 is less than the minimum"),
        ("protocol", "As written", "protocol: 'As written' does not match"),
    ],
)
def test_a_mistake_is_named_in_one_line(path, value, message):
    with pytest.raises(UserError) as caught:
        check(changed(path, value), SCHEMA, SOURCES)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_dev_set_must_not_be_a_test_set_of_the_grid():
    config = changed("dev_sets.again", {"label": "x", "collection": "msmarco", "topics": "dl20"})
    check(config, SCHEMA, SOURCES)
    config["grid"]["dev_sets"] = ["nano_nq", "again"]
    with pytest.raises(UserError) as caught:
        check(config, SCHEMA, SOURCES)
    assert str(caught.value).startswith(
        "config: grid.dev_sets: 'again' has the collection and topics of the test set 'dl20'"
    )
    config["grid"]["test_sets"] = ["dl19"]
    check(config, SCHEMA, SOURCES)


def test_the_best_epoch_needs_something_to_choose_it_by():
    config = changed("grid.dev_sets", [])
    check(config, SCHEMA, SOURCES)  # by the loss on held-out pairs
    config["training_pairs"]["held_out"]["pairs"] = 0
    with pytest.raises(UserError, match=r"grid\.dev_sets: without any, and without training_pairs"):
        check(config, SCHEMA, SOURCES)


@pytest.mark.parametrize("warmup", [0, 0.0, 0.1, 0.999, 1, 1000, 1000.0])
def test_a_warmup_is_a_share_or_a_number_of_steps(warmup):
    check(changed("training.defaults.warmup", warmup), SCHEMA, SOURCES)


def configured(overlay: str | None, **paper: object) -> dict:
    """Return config.yaml with an overlay of config/, and changes of its section `paper`."""
    config = overlaid((ROOT / "config" / overlay).read_text() if overlay else "{}")
    config["paper"] |= paper
    return config


def test_published_values_can_be_asked_for_where_some_were_published():
    check(configured(None, beside_published=True), SCHEMA, SOURCES)
    check(configured("as_run.yaml", beside_published=True), SCHEMA, SOURCES)
    check(configured("demo.yaml", beside_published=False), SCHEMA, SOURCES)


def test_where_no_column_was_published_the_setting_is_refused():
    message = (
        r"paper\.beside_published: no column .*; put one of nDCG@10 on dl19, .*, MRR@10 on "
        r"marco_qa_dev \(evaluation\.relevance_level: 1\) into grid\.test_sets and paper\.columns"
    )
    with pytest.raises(UserError, match=message):
        check(configured("demo.yaml", beside_published=True), SCHEMA, SOURCES)
    columns = [{"test_set": "dl19", "metrics": ["map"]}]
    strict = configured(None, beside_published=True, columns=columns)
    check(strict, SCHEMA, SOURCES)
    strict["evaluation"]["relevance_level"] = 2
    with pytest.raises(UserError, match=message):
        check(strict, SCHEMA, SOURCES)


def test_an_overlay_counts_steps_between_states():
    check(overlaid("hardware: {state_every: {minutes: null, steps: 500}}"), SCHEMA, SOURCES)


def test_a_missing_key_is_named():
    config = copy.deepcopy(CONFIG)
    del config["retrieval"]["k1"]
    with pytest.raises(UserError, match="retrieval: the key 'k1' is missing"):
        check(config, SCHEMA, SOURCES)


def described(schema, path=""):
    """Yield (path, whether it has a description) of every key that a schema names."""
    for key, value in schema.get("properties", {}).items():
        yield f"{path}.{key}", "description" in value
        yield from described(value, f"{path}.{key}")
        for nested in ("items", "additionalProperties"):
            if isinstance(value.get(nested), dict):
                yield from described(value[nested], f"{path}.{key}.*")


def test_every_key_is_described():
    schema = yaml.safe_load(SCHEMA.read_text())
    keys = [*described(schema)]
    for name, definition in schema["$defs"].items():
        keys += [(f"$defs.{name}", "description" in definition), *described(definition, name)]
    assert len(keys) > 100
    assert [path for path, has_description in keys if not has_description] == []


def test_checking_imports_nothing_heavy():
    heavy = {"torch", "transformers", "pandas", "pyserini"}
    modules = "lionrank.config.plan, lionrank.config.fingerprint"
    code = f"import sys, {modules}; print({heavy} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
