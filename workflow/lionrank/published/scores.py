"""The values of a study, from its table.csv.

A row has the value of a checkpoint, or of a training where the study says no epoch, in a measure by
one account of it: `printed`, say, in the study's paper. Models, treatments, test sets, metrics and
accounts are those of study.yaml, and each account has every measure of each system.
"""

import math
import os
from collections.abc import Iterable, Mapping

from lionrank.errors import UserError
from lionrank.files import csv_rows
from lionrank.grid import checkpoint_name, training_name
from lionrank.measures import Measure
from lionrank.published.study import Study
from lionrank.wording import DIGITS, did_you_mean

RESTORE = "correct or restore the file"
COLUMNS = ("model", "treatment", "epoch", "test_set", "metric", "value", "source")

PublishedScores = Mapping[Measure, Mapping[str, float]]
"""Published values by measure, and then by the name of the checkpoint or training."""


def parts(name: str) -> tuple[str, str, int | None]:
    """Return model, treatment and epoch by the name of a checkpoint; a training has no epoch."""
    model, treatment, *epoch = name.split("_")
    return model, treatment, int(epoch[0].removeprefix("e")) if epoch else None


def training_of(name: str) -> str:
    """Return the training of a checkpoint, and that of a training itself, by its name."""
    return training_name(*parts(name)[:2])


def read_scores(path: str | os.PathLike, study: Study) -> dict[str, PublishedScores]:
    """Read the table of a study: its values by account.

    Raises:
        UserError: a column is absent, a row is about nothing that study.yaml has, its value is no
            number from 0 to 1 or there already, or an account lacks a value; names file and, but
            for what is lacking, line.
    """
    by_name = {(each.test_set, each.metric): each for each in study.measures}
    found: dict[str, dict[Measure, dict[str, float]]] = {
        account: {measure: {} for measure in study.measures} for account in study.accounts
    }
    systems: dict[str, None] = {}
    for place, row in csv_rows(path, COLUMNS, RESTORE):
        _check(row, "source", study.accounts, place)
        _check(row, "model", study.models, place)
        _check(row, "treatment", study.treatments, place)
        _check(row, "test_set", study.test_sets, place)
        _check(row, "metric", study.test_sets[row["test_set"]].metrics, place)
        training = training_name(row["model"], row["treatment"])
        name = checkpoint_name(training, read_epoch(row, place)) if row["epoch"] else training
        of_measure = found[row["source"]][by_name[row["test_set"], row["metric"]]]
        if name in of_measure:
            raise UserError(
                f"{place}: {name} has a value of {row['metric']} on {row['test_set']} already; "
                "remove one"
            )
        of_measure[name] = read_value(row, "value", place)
        systems[name] = None
    for account, scores in found.items():
        for measure, values in scores.items():
            if lacking := [name for name in systems if name not in values]:
                raise UserError(
                    f"{path}: no row has {measure.metric} on {measure.test_set} of {lacking[0]}, "
                    f"source {account}; add it"
                )
    if not systems:
        raise UserError(f"{path} has no row; {RESTORE}")
    return {**found}


def _check(row: Mapping[str, str], column: str, known: Iterable[str], place: str) -> None:
    if row[column] not in known:
        names = [*known]
        hint = did_you_mean(row[column], names) or f"known: {', '.join(names)}"
        raise UserError(f"{place}: {column} is {row[column]!r}, which study.yaml has not; {hint}")


def rounded(scores: PublishedScores) -> dict[Measure, dict[str, float]]:
    """Return published values with the digits that scores are printed with."""
    return {
        measure: {name: round(value, DIGITS) for name, value in values.items()}
        for measure, values in scores.items()
    }


def read_value(row: Mapping[str, str], column: str, place: str) -> float:
    """Return a value of a metric in a published file; `place` is the row's file and line.

    Raises:
        UserError: it is no number from 0 to 1.
    """
    try:
        found = float(row[column])
    except ValueError:
        found = math.nan
    if not 0 <= found <= 1:
        raise UserError(
            f"{place}: {column} is {row[column]!r}, not a number from 0 to 1; {RESTORE}."
        )
    return found


def read_epoch(row: Mapping[str, str], place: str) -> int:
    """Return the epoch of a row in a published file.

    Raises:
        UserError: it is no integer.
    """
    cell = row["epoch"]
    if not (cell.isascii() and cell.isdigit() and len(cell) < 10):
        raise UserError(f"{place}: epoch is {cell!r}, not an integer; {RESTORE}.")
    return int(cell)
