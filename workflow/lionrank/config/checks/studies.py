"""Checking the config: published studies, and what stands beside their values.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.config.evaluation import measured, paper_columns, published_on
from lionrank.config.experiment import others
from lionrank.config.schema import meant
from lionrank.errors import UserError
from lionrank.measures import METRICS
from lionrank.published.study import FOLDER, REPLICATION, Study
from lionrank.wording import listed, shortened


def check_studies(config: Mapping[str, Any], studies: Mapping[str, Study]) -> None:
    """Check what the config says of the studies that it names.

    Raises:
        UserError: there are no such values; names the key.
    """
    _check_beside(config, studies)
    _check_systems(config, studies)


def _study(named: str, place: str, studies: Mapping[str, Study]) -> Study:
    if named not in studies:
        hint = meant(named, studies) if studies else "; it is empty"
        raise UserError(f"{place}: {shortened(named)} is not in paper.studies{hint}")
    return studies[named]


def _check_beside(config: Mapping[str, Any], studies: Mapping[str, Study]) -> None:
    """Check that published values can stand in the table of results, if they are asked for."""
    if (asked := config["paper"]["beside_published"]) is None:
        return
    place = "config: paper.beside_published"
    study = _study(asked["study"], f"{place}.study", studies)
    if (account := asked["account"]) not in study.accounts:
        hint = meant(account, study.accounts)
        raise UserError(f"{place}.account: unknown {shortened(account)}{hint}")
    shown = [
        measured(config, group["test_set"], metric)
        for group in paper_columns(config)
        for metric in group["metrics"]
    ]
    if not {*shown} & {*study.measures}:
        known = ", ".join(
            f"{METRICS[each.metric]} on {each.test_set}"
            + (f" from grade {each.level} on" if each.level else "")
            for each in study.measures
        )
        raise UserError(
            f"{place}: no column of the table of results has published values; put one of {known} "
            "into grid.test_sets and paper.columns, or set this to null"
        )


def _check_systems(config: Mapping[str, Any], studies: Mapping[str, Study]) -> None:
    """Check that there are published values of the systems that are said to have some."""
    first = None
    for name, system in others(config).items():
        place = f"config: systems.{name}.published"
        if (named := system.get("published")) is None:
            continue
        study = _study(named, place, studies)
        if (first := first or study) != study:
            raise UserError(
                f"{place}: other systems of the grid have values of {first.name}: put checkpoints "
                "of one study at a time into grid.systems"
            )
        if REPLICATION not in study.has:
            raise UserError(
                f"{place}: {FOLDER}/{study.name}/{REPLICATION} is missing, the section on such "
                "checkpoints: write it, or set this to null"
            )
        if "checkpoint" not in system:
            raise UserError(f"{place}: values were published of checkpoints: set checkpoint")
        if system.get("model") not in study.models:
            raise UserError(
                f"{place}: the published values are of {', '.join(study.models)}: set model to one "
                "of them, or published to null"
            )
        sets = ", ".join(study.test_sets)
        if not (ours := published_on(config, study).values()):
            raise UserError(
                f"{place}: the values are on {sets}, of which the grid has none, and none of "
                "paper.claims_on stands in for one: add one to grid.test_sets"
            )
        if all(config["test_sets"][each].get("scoring") for each in ours):
            raise UserError(
                f"{place}: the values are on {sets}, and {listed(ours)} have a scoring, with which "
                "none was published: add a test set without one to grid.test_sets, or set this to "
                "null"
            )
