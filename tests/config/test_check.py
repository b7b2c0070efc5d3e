"""The config's checks: each mistake stops with one line that names the key."""

import copy
import subprocess
import sys
from datetime import date

import pytest
import yaml

from lionrank.config.check import check
from lionrank.errors import UserError
from tests.support.configs import CONFIG, SCHEMA, SOURCES, changed, overlaid, refusal


def test_the_config_as_it_is_passes():
    check(CONFIG, SCHEMA, SOURCES)


LOTTE = {"format": "lotte", "domain": "writing", "split": "test"}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("training.defaults.learing_rate", 1e-5, "did you mean 'learning_rate'"),
        ("retreival", {}, "top level: unknown key 'retreival'; did you mean 'retrieval'?"),
        ("training.defaults.learning_rate", "2e-5", "write it without quotes"),
        (
            "grid.seeds",
            ["twelve"],
            "seeds.0: expected a whole number, found the text 'twelve'",
        ),
        ("training.defaults.precision", "bf6", "unknown value 'bf6'; did you mean 'bf16'?"),
        ("models.gte.label", "Модель", "models.gte.label: 'Модель' has U+041C (CYRILLIC CAPITAL"),
        ("optimizers.lion.label", "🦁", "optimizers.lion.label: '🦁' has U+1F981 (LION FACE)"),
        ("models.gte.label", "MiniLM ", "models.gte.label: 'MiniLM' is the label of models.minilm"),
        ("optimizers.lion.label", "a</script>b", "has </, which in a page begins a tag"),
        ("test_sets.dl19.label", " ", "test_sets.dl19.label: ' ' is blank"),
        ("dev_sets.nano_nq.label", "a\nb", "dev_sets.nano_nq.label: 'a\\nb' has a line end"),
        ("paper.title", "हिन्दी", "paper.title: 'हिन्दी' has U+0939 (DEVANAGARI LETTER HA)"),
        ("paper.keywords", ["ok", "\u200b"], "has U+200B (ZERO WIDTH SPACE)"),
        ("paper.note", "漢字", "paper.note: '漢字' has U+6F22"),
        (
            "paper.authors",
            [{"name": "Ελένη", "affiliation": "R&D"}],
            "paper.authors.0.name: 'Ελένη' has U+0395 (GREEK CAPITAL LETTER EPSILON), U+03AD",
        ),
        (
            "paper.authors",
            [{"name": "Nguyễn Văn Ơn", "affiliation": "大学"}],
            "paper.authors.0.affiliation: '大学' has U+5927",
        ),
        ("grid.epochs", -1, "grid.epochs: -1 is less than the minimum"),
        (
            "grid.optimizers",
            ["adamw", "loin"],
            "grid.optimizers: unknown 'loin'; did you mean 'lion'",
        ),
        ("grid.models", ["gpt2"], "known: minilm, gte, modernbert"),
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
        ("collections.mine", {"format": "beir"}, "collections.mine: set one of folder and source"),
        (
            "collections.mine",
            {"format": "beir", "folder": "x", "source": "scifact"},
            "collections.mine: set one of folder and source",
        ),
        (
            "collections.mine",
            {"format": "beir", "source": "scifact_index"},
            "collections.mine.source: unknown 'scifact_index'; did you mean 'scifact'?",
        ),
        (
            "collections.mine",
            {"format": "beir", "source": "scifact", "index": "scifact_idx"},
            "collections.mine.index: unknown 'scifact_idx'; did you mean 'scifact_index'?",
        ),
        (
            "collections.msmarco.index",
            "scifact_index",
            "collections.msmarco: unknown key 'index'",
        ),
        ("collections.mine", {"folder": "x"}, "collections.mine: the key 'format' is missing"),
        ("collections.mine", LOTTE, "collections.mine: set one of folder and source"),
        (
            "collections.mine",
            LOTTE | {"source": "loti"},
            "collections.mine.source: unknown 'loti'",
        ),
        (
            "collections.mine",
            LOTTE | {"folder": "x", "domain": "writting"},
            "collections.mine.domain: unknown value 'writting'; did you mean 'writing'?",
        ),
        ("collections.msmarco.topics.a", "dl19_topics", "collections.msmarco.qrels: unknown 'a'"),
        ("collections.nano_nq.source", "nano_qn", "collections.nano_nq.source: unknown 'nano_qn'"),
        ("test_sets.dl19.topics", "dl18", "test_sets.dl19.topics: unknown 'dl18'; did you mean"),
        ("grid.test_sets", ["marco_qa_dev"], "'marco_qa_dev' has no first stage to compare with"),
        ("training_pairs.collection", "marco_qa", "unknown 'train'; known: validation"),
        ("training_pairs.held_out.by", "queries", "unknown value 'queries'; did you mean 'query'"),
        ("models.gte.pretrained", None, "models.gte: set either pretrained or architecture"),
        (
            "models.gte",
            {
                "label": "GTE",
                "pretrained": None,
                "architecture": {"model_type": "bert", "vocab_size": 9},
                "tokenizer": "gte",
            },
            "models.gte.architecture.vocab_size: leave it out",
        ),
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
        (
            "training.defaults.decay_biases_and_norms",
            "no",
            "expected true or false, found the text 'no'",
        ),
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
        ("grid.epochs", 3.0, "grid.epochs: expected a whole number, found the number 3.0"),
        ("grid.epochs", True, "grid.epochs: expected a whole number, found true"),
        ("grid.epochs", 10**8, "grid.epochs: 100000000 is greater than the maximum"),
        ("grid.epochs", 10**400, "grid.epochs: a number of 1329 bits is too large"),
        ("grid.epochs", [1, 2], "grid.epochs: expected a whole number, found a list"),
        ("grid", None, "grid: expected keys with values, found null"),
        ("grid.seeds", [2**32], "grid.seeds.0: 4294967296 is greater than the maximum"),
        ("grid.seeds", [], "grid.seeds: "),
        ("grid.seeds", [12, 12], "grid.seeds: "),
        ("training.defaults.seed", 13, "training.defaults.seed: every training has the same seeds"),
        ("training.models", {"gte": {"seed": 13}}, r"write grid: {seeds: [13]} instead"),
        ("comparisons.other_seeds", ["a"], "comparisons.other_seeds: seeds are trained in one"),
        ("training.defaults.learning_rate", float("nan"), "learning_rate: nan is no finite number"),
        ("retrieval.k1", float("inf"), "retrieval.k1: inf is no finite number"),
        ("optimizers.adamw.arguments.eps", "1e-8", "adamw.arguments.eps: expected no number as"),
        ("optimizers.adamw.arguments.betas", [0.9, "1e-1"], "adamw.arguments.betas.1: expected no"),
        ("tracking", "None", "tracking: 'None' is text: write null, without quotes"),
        ("tracking", "NULL", "tracking: 'NULL' is text: write null, without quotes"),
        ("tracking", "wandbb", "unknown value 'wandbb'; did you mean 'wandb'?"),
        ("tracking", "x", "tracking: unknown value 'x'; known: null, tensorboard, wandb"),
        ("paper.note", "None", "paper.note: 'None' is text: write null, without quotes"),
        ("hub.namespace", "null", "hub.namespace: 'null' is text: write null, without quotes"),
        ("training.defaults.early_stopping", "null", "'null' is text: write null, without quotes"),
        ("models.gte.label", False, "models.gte.label: expected text, found false; YAML reads yes"),
        ("models.gte.label", 512, "label: expected text, found the number 512; put text in quotes"),
        ("models.gte.pretrained", "", "models.gte.pretrained: '' should be non-empty"),
        ("paper.note", date(2020, 1, 1), "paper.note: the date 2020-01-01; put it in quotes"),
        ("paper.keywords", {"a"}, "paper.keywords: a value of the type set"),
        ("paper.note", "a\0b", "paper.note: holds the character U+0000, which is not printable"),
        ("paper.note", "\ud83d", "paper.note: holds the character U+D83D"),
        (
            "test_sets",
            {2020: {}},
            "test_sets: a key is the number 2020, not text; take a name",
        ),
        ("dev_sets", {2020: {}}, "such as 'dev2020'"),
        ("collections", {date(2020, 1, 1): {}}, "a key is the date 2020-01-01, not text"),
        ("models", {True: {}}, "models: the key true is no text (YAML reads yes, no, on, off"),
        ("models", {None: {}}, "models: the key null is no text"),
        (
            "training.models",
            {"gte\n": {}},
            "training.models: the key 'gte\\n' has a line end: remove it",
        ),
        ("test_sets", {"trec-dl": {}}, "test_sets: 'trec-dl' is not a name of lower-case letters"),
        ("test_sets", {"TREC DL (2020)": {}}, "; for example 'trec_dl_2020'"),
        ("test_sets", {"2020-dl": {}}, "; for example 'test2020_dl'"),
        ("collections", {"Café": {"format": "beir"}}, "; for example 'cafe'"),
        ("models", {"my_model": {}}, "without _; for example 'mymodel'"),
        ("optimizers", {"a_b": {}}, "optimizers: 'a_b' is not a name"),
        ("models", {"gte\n": {}}, "models: the key 'gte\\n' has a line end: remove it"),
        ("models", {"GTE": {}}, "models: 'GTE' is not a name"),
        ("models", {"a" * 300: {}}, "is too long"),
        ("protocol", "as_run\n", "protocol: 'as_run\\n' is not a name"),
        ("optimizers.adamw.class", "torch.optim.AdamW\n", "is not an import path, such as"),
        ("hub.namespace", "me\n", "hub.namespace: 'me\\n' is not the name of a user"),
        ("audit.collections.msmarcoo", {"bytes_per_passage": 1, "tokens_per_pair": 1}, "did you"),
        ("audit.test_sets.dl91", {"topics": 1}, "audit.test_sets: unknown 'dl91'; did you mean"),
        (
            "test_sets.dl19.topics",
            "train",
            "test_sets.dl19.topics: 'train' are the topics that are",
        ),
        ("dev_sets.nano_nq.topics", "corpus", "dev_sets.nano_nq.topics: unknown 'corpus'"),
        ("protocol", "As written", "protocol: 'As written' is not a name of"),
    ],
)
def test_a_mistake_is_named_in_one_line(path, value, message):
    assert message in refusal(changed(path, value))


def test_topics_do_not_have_the_names_of_other_files():
    mine = {"label": "x", "collection": "mine", "topics": "pairs"}
    config = changed("collections.mine", {"format": "beir", "folder": "mine"})
    config["test_sets"]["mine"] = mine
    with pytest.raises(UserError, match=r"test_sets\.mine\.topics: 'pairs' is the name of other"):
        check(config, SCHEMA, SOURCES)
    mine["topics"] = "train"
    config["grid"]["test_sets"] = ["mine"]
    check(config, SCHEMA, SOURCES)  # of a collection that is not trained on


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


def test_no_description_ends_at_a_comma():
    def empty(value, path=""):
        for key, below in value.items() if isinstance(value, dict) else ():
            yield from [f"{path}.{key}"] if below is None else empty(below, f"{path}.{key}")

    assert [*empty(yaml.safe_load(SCHEMA.read_text()))] == []


def test_checking_imports_nothing_heavy():
    heavy = {"torch", "transformers", "pandas", "pyserini"}
    modules = "lionrank.config.plan, lionrank.config.fingerprint"
    code = f"import sys, {modules}; print({heavy} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
