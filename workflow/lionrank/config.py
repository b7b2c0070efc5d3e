"""Checking the config and resolving the layered settings of a training.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

import difflib
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match

from lionrank.errors import UserError


def check(config: dict, schema_path: Path) -> None:
    """Check a merged config against its JSON schema and against itself.

    Raises:
        UserError: one line that names the first wrong key and, for a near miss, the key meant.
    """
    schema = yaml.safe_load(schema_path.read_text())
    error = best_match(Draft202012Validator(schema).iter_errors(config))
    if error:
        raise UserError(f"config: {_describe(error)}")
    for place, name, known in _references(config):
        if name not in known:
            raise UserError(f"config: {place}: unknown {name!r}{_meant(name, known)}")
    _check_ranges(config)


def _describe(error: ValidationError) -> str:
    place = ".".join(str(step) for step in error.absolute_path) or "top level"
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        name = next(key for key in error.instance if key not in known)
        return f"{place}: unknown key {name!r}{_meant(name, known)}"
    if error.validator == "required":
        name = next(key for key in error.validator_value if key not in error.instance)
        return f"{place}: the key {name!r} is missing"
    if error.validator == "enum":
        known = [str(value) for value in error.validator_value]
        return f"{place}: unknown value {error.instance!r}{_meant(str(error.instance), known)}"
    hint = ""
    if error.validator == "type" and isinstance(error.instance, str) and _is_number(error.instance):
        hint = "; YAML reads it as text: write it without quotes, and a power of ten as in 2.0e-5"
    return f"{place}: {error.message}{hint}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _meant(name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"


def _references(config: dict) -> Iterator[tuple[str, str, Iterable[str]]]:
    """Yield (place, name, known names) of every name that must stand elsewhere in the config."""
    models, optimizers = config["models"], config["optimizers"]
    for kind, known in (
        ("models", models),
        ("optimizers", optimizers),
        ("test_sets", config["test_sets"]),
    ):
        for name in config["grid"][kind]:
            yield f"grid.{kind}", name, known
    for name, test_set in config["test_sets"].items():
        yield f"test_sets.{name}.collection", test_set["collection"], config["collections"]
    yield "training_pairs.collection", config["training_pairs"]["collection"], config["collections"]
    pairs = [f"{model}_{optimizer}" for model in models for optimizer in optimizers]
    for kind, known in (
        ("models", models),
        ("optimizers", optimizers),
        ("models_and_optimizers", pairs),
    ):
        for name in config["training"][kind]:
            yield f"training.{kind}", name, known


def _check_ranges(config: dict) -> None:
    pairs = config["training_pairs"]
    if pairs["hardest_rank"] > pairs["negative_depth"]:
        raise UserError(
            "config: training_pairs.hardest_rank is below negative_depth in the ranking: "
            f"{pairs['hardest_rank']} > {pairs['negative_depth']}"
        )
    for key in ("summary_characters", "body_characters"):
        least, greatest = config["collections"]["pydocs"][key]
        if least > greatest:
            raise UserError(f"config: collections.pydocs.{key}: {least} > {greatest}")
    for name, model in config["models"].items():
        if (model["pretrained"] is None) != (model["architecture"] is not None):
            raise UserError(f"config: models.{name}: set either pretrained or architecture")
        if model["pretrained"] is None and model["tokenizer"] is None:
            raise UserError(f"config: models.{name}.tokenizer: a random start needs one")


def training_settings(config: dict, model: str, optimizer: str) -> dict:
    """Return the settings of one training: all that its bits depend on besides data and code."""
    training = config["training"]
    layers = (
        training["defaults"],
        training["models"].get(model, {}),
        training["optimizers"].get(optimizer, {}),
        training["models_and_optimizers"].get(f"{model}_{optimizer}", {}),
    )
    settings = {key: value for layer in layers for key, value in layer.items()}
    return settings | {
        "epochs": config["grid"]["epochs"],
        "optimizer": {key: config["optimizers"][optimizer][key] for key in ("class", "arguments")},
    }


def digest(config: dict) -> str:
    """Return the SHA-256 of the config as canonical JSON."""
    canonical = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
