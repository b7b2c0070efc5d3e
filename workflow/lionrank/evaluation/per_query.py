"""The per-query values of every system, with one seed or several."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from lionrank import parquet
from lionrank.errors import UserError
from lionrank.evaluation.significance import mean
from lionrank.files import AGAIN
from lionrank.grid import (
    BEST,
    VARIOUS,
    Grid,
    checkpoint_name,
    is_left_out,
    training_name,
    training_of,
)
from lionrank.measures import Averages, Measure, averaged
from lionrank.training import development

COLUMNS = pa.schema(
    {
        **dict.fromkeys(("test_set", "system", "model", "optimizer"), pa.string()),
        **dict.fromkeys(("epoch", "seed"), pa.int64()),
        **dict.fromkeys(("protocol", "metric"), pa.string()),
        "level": pa.int64(),
        "qid": pa.string(),
        "value": pa.float64(),
    }
)
# What first stages lack, and nDCG, which takes the grades themselves.
_NULLABLE = ("model", "optimizer", "epoch", "seed", "level")


@dataclass(frozen=True)
class System:
    """A ranking: the checkpoint of a training, `{model}_{optimizer}` with any seed, after an epoch.

    Without an epoch it is the one that development data chose or, if `training` is no training
    but the first stage or a system of others, that one itself; `VARIOUS` is on each test set its
    own first stage. `test_set` is where its values are from, if that is another one than the one
    that is measured on, with the same topics and judgements.
    """

    training: str
    epoch: int | None = None
    test_set: str | None = None

    def on(self, measure: Measure) -> Measure:
        """Return the measure that its values are of, where others' are of `measure`."""
        return measure if self.test_set is None else replace(measure, test_set=self.test_set)


class Replicate:
    """The per-query values of the trainings with one seed, which names leave out, and of others."""

    def __init__(
        self,
        table: pd.DataFrame,
        path: str | os.PathLike,
        chosen: Mapping[str, int],
        grid: Grid | None = None,
        averages: Averages | None = None,
    ) -> None:
        """Take the values of one seed, with the columns of `COLUMNS`, that are of a file.

        `chosen` maps a training to its epoch by development data. `grid` tells which systems were
        not trained here, and the first stages. Measures may be of `averages`, whose queries are
        those of all their test sets, one set after another.
        """
        self.path = os.fspath(path)
        self.chosen = dict(chosen)
        self.averages = dict(averages or {})
        self.protocols = sorted(table["protocol"].unique())
        self._first_stages = grid.first_stages if grid else {}
        others = [each.name for each in grid.systems] if grid else []
        # First stages have no epoch.
        without = table["system"][table["epoch"].isna()]
        self._untrained = frozenset([*without, *others, VARIOUS.name])
        self._of_trainings = table[~table["system"].isin(self._untrained)]
        self._table = table
        self._pivot = cache(self._make_pivot)

    def epoch(self, system: System) -> int:
        """Return the epoch of a training's checkpoint, the chosen one if it names none.

        Raises:
            UserError: development data chose no epoch of the training.
        """
        epoch = self.chosen.get(system.training) if system.epoch is None else system.epoch
        if epoch is None:
            raise UserError(
                f"{self.path}: no epoch of {system.training} was chosen on development data: name "
                "dev sets in grid.dev_sets, or hold out some of the training data (held_out)."
            )
        return epoch

    @cached_property
    def trained(self) -> dict[str, list[int]]:
        """The epochs of each training that are in the table: not those that were left out."""
        checkpoints = self._of_trainings[["model", "optimizer", "epoch"]].drop_duplicates()
        found: dict[str, list[int]] = {}
        for model, optimizer, epoch in checkpoints.itertuples(index=False):
            found.setdefault(training_name(model, optimizer), []).append(int(epoch))
        return {training: sorted(epochs) for training, epochs in found.items()}

    def is_training(self, system: System) -> bool:
        """Return whether a system is a training's checkpoint: no first stage, nor of others."""
        return system.training not in self._untrained

    def name(self, system: System) -> str:
        """Return what the tables call a system: the checkpoint's name, or its own."""
        if not self.is_training(system):
            return system.training
        return checkpoint_name(system.training, self.epoch(system))

    def has(self, measure: Measure, system: System) -> bool:
        """Return whether there are values of a system.

        A test set may have of each training its chosen epoch alone. Some have another first stage
        or none, or no run file of others.
        """
        if system.test_set is not None:
            return self.has(system.on(measure), replace(system, test_set=None))
        if parts := averaged(measure, self.averages):
            return all(self.has(each, system) for each in parts)
        if self.is_training(system):
            return system.epoch is None or not self.has_best_only(measure, system.training)
        return system.training in self._pivot(measure)

    def has_best_only(self, measure: Measure, training: str) -> bool:
        """Return whether a test set has of a training its chosen epoch alone, which is named so.

        Of an average, whether one of its test sets has.
        """
        best = checkpoint_name(training, BEST)
        parts = averaged(measure, self.averages) or [measure]
        return any(best in self._pivot(each) for each in parts)

    def values(self, measure: Measure, system: System) -> pd.Series:
        """Return a system's values (queries,), by qid in sorted order.

        Those of an average are by test set and qid, the test sets in its order: two queries of the
        same qid are two.

        Raises:
            UserError: the file has none.
        """
        measure = system.on(measure)
        if parts := averaged(measure, self.averages):
            return pd.concat({each.test_set: self.values(each, system) for each in parts})
        return self.named(measure, self.evaluated(measure, system))

    def evaluated(self, measure: Measure, system: System) -> str:
        """Return the name of the run file whose values are a system's on a test set."""
        if system.epoch is None and self.has_best_only(measure, system.training):
            return checkpoint_name(system.training, BEST)
        return self.name(system)

    def strata(self, measure: Measure) -> list[int] | None:
        """Return the numbers of queries of an average's test sets, None of a single test set."""
        parts = averaged(measure, self.averages)
        return [len(self._pivot(each)) for each in parts] or None

    def mean(self, measure: Measure, system: System) -> float:
        """Return a system's mean over queries or, of an average, that of its test sets' means."""
        values = self.values(measure, system).to_numpy()
        return float(mean(values, self.strata(measure)).item())

    def named(self, measure: Measure, name: str) -> pd.Series:
        """Return the values (queries,) of a system by what the tables call it.

        Raises:
            UserError: the file has none, or not one of each query.
        """
        pivot = self._pivot(measure)
        if name in pivot and pivot[name].notna().all():
            return pivot[name]
        level = "" if measure.level is None else f" at level {measure.level}"
        where = f" for {pivot[name].isna().idxmax()}" if name in pivot else ""
        raise UserError(
            f"{self.path}: no {measure.metric}{level} of {name} on {measure.test_set}{where}; "
            "evaluate its run file and make the table again."
        )

    def _make_pivot(self, measure: Measure) -> pd.DataFrame:
        """Return the values of a measure, a row a topic and a column a system."""
        level = self._table["level"]
        rows = (
            (self._table["test_set"] == measure.test_set)
            & (self._table["metric"] == measure.metric)
            & (level.isna() if measure.level is None else level.eq(measure.level).fillna(False))
        )
        pivot = self._table[rows].pivot(index="qid", columns="system", values="value").sort_index()
        first_stage = self._first_stages.get(measure.test_set)
        if first_stage is not None and first_stage.name in pivot:
            pivot[VARIOUS.name] = pivot[first_stage.name]
        return pivot


class PerQuery:
    """The per-query values of an experiment, whose trainings may have been repeated with seeds."""

    def __init__(self, replicates: Sequence[Replicate]) -> None:
        """Take the values of each seed, the first one's before the others'."""
        self.replicates = tuple(replicates)

    @property
    def seeds(self) -> int:
        return len(self.replicates)

    def has(self, measure: Measure, system: System) -> bool:
        """Return whether a system can be compared in a measure.

        Where it cannot, its training stopped before its epoch, or the test set has no run file of
        it: of a training's other epochs than the chosen one, of another first stage
        or of others.
        """
        return self.was_trained(system) and self.replicates[0].has(measure, system)

    def epochs(self, system: System) -> list[int]:
        """Return the epoch of a training's checkpoint with each seed; none for other systems."""
        return [each.epoch(system) for each in self.replicates if each.is_training(system)]

    def was_trained(self, system: System) -> bool:
        """Return whether the training of a system had its epoch, with every seed.

        That holds of a training as such, and of what is none.
        """
        return system.epoch is None or all(
            system.epoch in each.trained.get(system.training, []) for each in self.replicates
        )

    def has_every_epoch(self, measure: Measure, training: str) -> bool:
        """Return whether all epochs that a training had were evaluated on a test set."""
        return not any(each.has_best_only(measure, training) for each in self.replicates)

    def by_epoch(self, measure: Measure, training: str) -> list[dict[int, float]]:
        """Return the mean after each epoch that a training had, seed by seed."""
        return [
            {epoch: each.mean(measure, System(training, epoch)) for epoch in each.trained[training]}
            for each in self.replicates
        ]

    def strata(self, measure: Measure) -> list[int] | None:
        """Return the numbers of queries of an average's test sets, None of a single test set."""
        return self.replicates[0].strata(measure)

    def parts(self, measure: Measure) -> list[Measure]:
        """Return the measures of which an average is the mean; none of a single test set."""
        return averaged(measure, self.replicates[0].averages)

    def values(self, measure: Measure, system: System) -> np.ndarray:
        """Return a system's values (seeds, queries), the queries as `Replicate.values` has them.

        Raises:
            UserError: there are none with some seed.
        """
        return np.stack([each.values(measure, system).to_numpy() for each in self.replicates])

    def mean_over_seeds(self, measure: Measure, system: System) -> np.ndarray:
        """Return a system's values (queries,), averaged over the seeds query by query."""
        return self.values(measure, system).mean(axis=0)


def read_table(path: str | os.PathLike) -> pd.DataFrame:
    """Read a per-query Parquet file; integers that may be missing are pandas' Int64.

    Raises:
        UserError: the file is damaged, lacks a column or has no row.
    """
    table = parquet.read(path, COLUMNS, nullable=_NULLABLE)
    if not len(table):
        raise UserError(f"{path} has no row: {AGAIN}.")
    return table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)


def read(
    path: str | os.PathLike,
    best: Iterable[str | os.PathLike] = (),
    grid: Grid | None = None,
    averages: Averages | None = None,
) -> PerQuery:
    """Read results/per_query.parquet, in which the trainings have one seed or several.

    `best` are the files `training/{training}.best.json`; without any, no epoch is chosen. `grid` is
    needed where there are systems of others or first stages that differ, and `averages` are what
    measures may be of.

    Raises:
        UserError: a file is damaged.
    """
    chosen = development.chosen(best)
    return PerQuery(
        [
            Replicate(rows, path, _of_seed(chosen, names), grid, averages)
            for rows, names in _by_seed(read_table(path))
        ]
    )


def _by_seed(table: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, dict[str, str]]]:
    """Yield the rows of each seed, with what has none, in the order in which the seeds appear.

    Checkpoints have the names of the first seed's, and beside the rows are the names of all
    trainings, by those that they really have.
    """
    labels = table[["system", "model", "optimizer", "seed"]].drop_duplicates("system")
    trained = labels.dropna(subset="seed")
    if trained.empty:
        yield table, {}
    for _, own in trained.groupby("seed", sort=False):
        names: dict[str, str] = {}
        renamed = {name: name for name in labels["system"][labels["seed"].isna()]}
        for system, *parts, _ in own.itertuples(index=False):
            training, _, end = system.rpartition("_")
            names[training] = training_name(*parts)
            renamed[system] = f"{names[training]}_{end}"
        rows = table[table["system"].isin(renamed)] if len(renamed) < len(labels) else table
        if names.keys() != {*names.values()}:
            rows = rows.assign(system=rows["system"].map(renamed))
        yield rows, names


def _of_seed(chosen: Mapping[str, int], names: Mapping[str, str]) -> dict[str, int]:
    return {name: chosen[own] for own, name in names.items() if own in chosen}


def with_epoch(labels: Mapping[str, Any], chosen: Mapping[str, int]) -> dict[str, Any]:
    """Return a run file's labels with the epoch where its name tells none but that it is the best.

    `chosen` maps each training to that epoch.
    """
    training = training_of(labels["system"])
    is_best = labels["system"] == checkpoint_name(training, BEST)
    return {**labels, "epoch": chosen[training] if is_best else labels["epoch"]}


def without_left_out(per_query: pd.DataFrame, last: Mapping[str, int]) -> pd.DataFrame:
    """Return a table without the checkpoints of epochs that early stopping left out.

    `last` maps each training to its last epoch (`lionrank.training.development.last_epochs`).
    """
    left_out = [each for each in per_query["system"].unique() if is_left_out(each, last)]
    return per_query[~per_query["system"].isin(left_out)].reset_index(drop=True)
