"""Checking the config: its schema, its names, and what has to agree.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lionrank.characters import normal
from lionrank.config import first_stages
from lionrank.config.checks.audit import check_lengths
from lionrank.config.checks.catalogue import check_catalogue
from lionrank.config.checks.collections import check_collections
from lionrank.config.checks.contrasts import check_contrasts
from lionrank.config.checks.evaluation import (
    check_averages,
    check_development,
    check_test_sets,
)
from lionrank.config.checks.first_stages import check_first_stages
from lionrank.config.checks.references import references
from lionrank.config.checks.scorings import check_scorings
from lionrank.config.checks.search import check_search
from lionrank.config.checks.seeds import check_seeds
from lionrank.config.checks.systems import check_systems
from lionrank.config.checks.teachers import check_teachers
from lionrank.config.checks.training_data import check_data, check_pairs, check_topics
from lionrank.config.checks.trainings import check_models, check_optimizers, check_training
from lionrank.config.checks.treatments import check_treatments
from lionrank.config.schema import check_plain, check_schema, is_number, meant, values
from lionrank.config.scorings import OWN_LENGTH
from lionrank.config.sources import Source
from lionrank.errors import UserError
from lionrank.grid import FIRST_STAGE_LABEL, VARIOUS
from lionrank.wording import shortened


def check(config: Mapping[str, Any], schema_path: Path, sources: Mapping[str, Source]) -> None:
    """Check a merged config against its JSON schema, against itself and the table of sources.

    Raises:
        UserError: one line that names the first wrong key and, for a near miss, the key meant.
    """
    check_plain(config)
    check_seeds(config)
    check_schema(config, schema_path.read_bytes())
    for place, name, known in references(config, sources):
        if name not in known:
            raise UserError(f"config: {place}: unknown {shortened(name)}{meant(name, known)}")
    check_collections(config)
    check_systems(config)
    check_first_stages(config)
    check_scorings(config)
    check_treatments(config)
    check_teachers(config)
    check_data(config, sources)
    check_averages(config)
    check_contrasts(config)
    _check_labels(config)
    _check_free(config)
    check_topics(config)
    check_pairs(config)
    _check_state(config)
    check_models(config)
    check_development(config)
    check_training(config)
    check_optimizers(config)
    check_search(config)
    check_test_sets(config)
    check_catalogue(config)
    check_lengths(config)


def _check_labels(config: Mapping[str, Any]) -> None:
    """Check that what the grid names is told apart in tables and figures."""
    rows = {FIRST_STAGE_LABEL: "the first stage", VARIOUS.label: "first stages that differ"}
    sets = dict[str, str]()
    for name in first_stages.used(config):
        _tell_apart(rows, config["first_stages"][name]["label"], f"first_stages.{name}")
    for kind, seen in (
        # Rows of the same tables.
        ("models", rows),
        ("systems", rows),
        ("optimizers", dict[str, str]()),
        ("test_sets", sets),
        ("dev_sets", dict[str, str]()),
    ):
        known = (
            config["optimizers"] | config["treatments"] if kind == "optimizers" else config[kind]
        )
        for name in config["grid"][kind]:
            _tell_apart(seen, known[name]["label"], f"{kind}.{name}")
    for name, average in config["averages"].items():
        _tell_apart(sets, average["label"], f"averages.{name}")
    scored = {OWN_LENGTH: "what is cut at each checkpoint's own length"}
    for name, entry in config["scorings"].items():
        _tell_apart(scored, entry["label"], f"scorings.{name}")
    named = dict[str, str]()
    for name, contrast in config["comparisons"]["contrasts"].items():
        _tell_apart(named, contrast["label"], f"comparisons.contrasts.{name}")


def _tell_apart(seen: dict[str, str], label: str, place: str) -> None:
    label = normal(label).strip()
    if (other := seen.setdefault(label, place)) != place:
        raise UserError(
            f"config: {place}.label: {shortened(label)} is the label of {other} as well, "
            "and nobody could tell them apart; change one"
        )


def _check_free(config: Mapping[str, Any]) -> None:
    """Check that no number is text where any value may stand, which the schema leaves open."""
    open_places = {
        **{
            f"models.{name}.architecture": each.get("architecture")
            for name, each in config["models"].items()
        },
        **{
            f"optimizers.{name}.arguments": each["arguments"]
            for name, each in config["optimizers"].items()
        },
    }
    for start, mapping in open_places.items():
        for place, value in values(mapping, start):
            if isinstance(value, str) and is_number(value):
                raise UserError(
                    f"config: {place}: expected no number as text, found {shortened(value)}: "
                    "write it without quotes, and a power of ten as in 1.0e-8"
                )


def _check_state(config: Mapping[str, Any]) -> None:
    if len([unit for unit in config["hardware"]["state_every"].values() if unit]) != 1:
        raise UserError(
            "config: hardware.state_every: set one of minutes and steps; in an overlay "
            "{minutes: null, steps: 500} counts steps"
        )
