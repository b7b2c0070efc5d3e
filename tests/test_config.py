"""The config's checks: each mistake stops with one line that names the key."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lionrank import config as settings
from lionrank.errors import UserError
from lionrank.sources import read_table

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "schemas" / "config.schema.yaml"
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
SOURCES = read_table(ROOT / CONFIG["sources"]["table"])


def changed(path, value):
    """Return the config with the key at a dotted path set to a value."""
    config = copy.deepcopy(CONFIG)
    *parents, key = path.split(".")
    place = config
    for parent in parents:
        place = place[parent]
    place[key] = value
    return config


def test_the_config_as_it_is_passes():
    settings.check(CONFIG, SCHEMA, SOURCES)


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
        ("training_pairs.hardest_rank", 1000, "training_pairs.hardest_rank"),
    ],
)
def test_a_mistake_is_named_in_one_line(path, value, message):
    with pytest.raises(UserError) as caught:
        settings.check(changed(path, value), SCHEMA, SOURCES)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_key_is_named():
    config = copy.deepcopy(CONFIG)
    del config["retrieval"]["k1"]
    with pytest.raises(UserError, match="retrieval: the key 'k1' is missing"):
        settings.check(config, SCHEMA, SOURCES)


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


def test_later_layers_override_earlier_ones():
    config = copy.deepcopy(CONFIG)
    config["training"]["defaults"]["seed"] = 1
    config["training"]["models"]["gte"] = {"seed": 2, "weight_decay": 0.2}
    config["training"]["optimizers"]["lion"] = {"seed": 3}
    config["training"]["models_and_optimizers"]["gte_adamw"] = {"seed": 4}
    seeds = {
        (model, optimizer): settings.training_settings(config, model, optimizer)["seed"]
        for model in ("minilm", "gte")
        for optimizer in ("adamw", "lion")
    }
    assert seeds == {
        ("minilm", "adamw"): 1,
        ("minilm", "lion"): 3,
        ("gte", "adamw"): 4,
        ("gte", "lion"): 3,
    }
    assert settings.training_settings(config, "gte", "lion")["weight_decay"] == 0.2


def test_checking_imports_nothing_heavy():
    heavy = {"torch", "transformers", "pandas", "pyserini"}
    code = f"import sys, lionrank.config, lionrank.fingerprint; print({heavy} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
