"""The mean scores of every system that tables and prose show.

Scores are rounded to the digits that are printed as soon as they are read, so that "best", "above"
and "level with" mean in prose exactly what a reader sees in the table.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import stdev
from typing import Any

from lionrank.errors import UserError
from lionrank.files import AGAIN, csv_rows
from lionrank.grid import BEST, Grid, Training
from lionrank.measures import GRADED, METRICS, PRIMARY, Measure
from lionrank.training import development
from lionrank.wording import DIGITS

Chosen = Mapping[str, int | str]
"""The epoch that development data chose by training: BEST where each of several seeds chose one."""

_COLUMNS = ("test_set", "system", "epoch", "metric", "level", "mean", "low", "high", "queries")


@dataclass(frozen=True)
class TestSet:
    """A test set in the paper: its label and the relevance thresholds of its binary measures.

    `level` is that of the paper's columns and `levels` all that were computed; `every_epoch` says
    whether it has scores of all checkpoints, and not of the chosen epochs alone. An average over
    test sets, whose names are `test_sets`, is one as well; it has no levels but theirs.
    """

    label: str
    level: int | None
    levels: tuple[int, ...]
    every_epoch: bool = True
    test_sets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """What the paper shows: its test sets, the first of which is primary, and its columns."""

    test_sets: Mapping[str, TestSet]
    columns: tuple[Measure, ...]

    @classmethod
    def build(
        cls, test_sets: Mapping[str, Mapping[str, Any]], columns: Iterable[Mapping[str, Any]]
    ) -> "Layout":
        """Make a layout of the fields of each TestSet by name, and of test_set and metrics."""
        named = {
            name: TestSet(**{key: _frozen(value) for key, value in entry.items()})
            for name, entry in test_sets.items()
        }
        shown = tuple(
            _measure(group["test_set"], metric, named[group["test_set"]].level)
            for group in columns
            for metric in group["metrics"]
        )
        return cls(named, shown)

    @property
    def primary(self) -> Measure:
        return Measure(next(iter(self.test_sets)), PRIMARY)

    @property
    def shown_test_sets(self) -> list[str]:
        """The test sets of the columns, in their order."""
        return list(dict.fromkeys(column.test_set for column in self.columns))

    @property
    def with_levels(self) -> list[str]:
        """The test sets on which binary measures were computed at several relevance thresholds."""
        return [name for name, entry in self.test_sets.items() if len(entry.levels) > 1]

    @property
    def averages(self) -> dict[str, TestSet]:
        return {name: entry for name, entry in self.test_sets.items() if entry.test_sets}

    def single(self, test_sets: Iterable[str]) -> list[str]:
        """Return test sets, in the place of each average those that it is of."""
        return [each for name in test_sets for each in self.test_sets[name].test_sets or [name]]

    @property
    def by_set(self) -> dict[Measure, list[Measure]]:
        """The measures of averages that are shown test set by test set, with those of each.

        They are the columns of an average or, where it has none, its primary metric.
        """
        shown = {}
        for name, entry in self.averages.items():
            metrics = [column.metric for column in self.columns if column.test_set == name]
            for metric in metrics or [PRIMARY]:
                shown[Measure(name, metric)] = [
                    _measure(each, metric, self.test_sets[each].level) for each in entry.test_sets
                ]
        return shown

    @property
    def leading(self) -> dict[str, Measure]:
        """One measure of each test set: the primary metric or, where that is not shown, another."""
        found: dict[str, Measure] = {}
        for measure in sorted(self.measures(), key=lambda each: each.metric != PRIMARY):
            found.setdefault(measure.test_set, measure)
        return {name: found[name] for name in self.test_sets if name in found}

    def levels_of(self, column: Measure) -> list[tuple[int, str]]:
        """Return the lowest grade that a column counts, with the label of what it is shown of.

        None where it takes the grades themselves, and those of each test set of an average whose
        test sets differ in it.
        """
        if column.metric == GRADED:
            return []
        entry = self.test_sets[column.test_set]
        sets = [self.test_sets[each] for each in entry.test_sets] or [entry]
        levels = [(each.level, each.label) for each in sets if each.level is not None]
        same = len({level for level, _ in levels}) == 1
        return [(levels[0][0], entry.label)] if same else levels

    def at_levels(self, test_set: str) -> list[Measure]:
        """Return every binary measure of a test set at each of its relevance thresholds."""
        return [
            Measure(test_set, metric, level)
            for metric in METRICS
            if metric != GRADED
            for level in self.test_sets[test_set].levels
        ]

    def measures(self) -> list[Measure]:
        """Return everything that some table shows."""
        at_levels = [each for name in self.with_levels for each in self.at_levels(name)]
        by_set = [each for average, sets in self.by_set.items() for each in (average, *sets)]
        return list(dict.fromkeys([self.primary, *self.columns, *at_levels, *by_set]))

    def name(self, measure: Measure) -> str:
        """Return the label of a measure, with its test set unless that is the primary one."""
        label = METRICS[measure.metric]
        if measure.test_set == self.primary.test_set:
            return label
        return f"{label} on {self.test_sets[measure.test_set].label}"


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _measure(test_set: str, metric: str, level: int | None) -> Measure:
    return Measure(test_set, metric, None if metric == GRADED else level)


@dataclass(frozen=True)
class Score:
    """A mean over topics with the bounds of its interval, rounded to DIGITS decimals.

    Of a training with several seeds it is the mean over these as well: `sd` is their standard
    deviation, and `by_seed` has the mean of each, in their order and not rounded.
    """

    mean: float
    low: float
    high: float
    sd: float | None = None
    by_seed: tuple[float, ...] = ()


@dataclass(frozen=True)
class Results:
    """The scores of every system, `measure -> system -> score`, and each test set's topics."""

    layout: Layout
    scores: Mapping[Measure, Mapping[str, Score]]
    queries: Mapping[str, int]

    def mean(self, measure: Measure, system: str) -> float:
        return self.scores[measure][system].mean

    def has(self, test_set: str, system: str) -> bool:
        """Return whether a system was evaluated on a test set, in what is shown of it."""
        return any(
            system in found
            for measure, found in self.scores.items()
            if measure.test_set == test_set
        )

    def best(self, measure: Measure, systems: Iterable[str] | None = None) -> list[str]:
        """Return the systems that share the highest mean of a measure, in the order given."""
        among = list(self.scores[measure] if systems is None else systems)
        top = max(self.mean(measure, system) for system in among)
        return [system for system in among if self.mean(measure, system) == top]


def read_results(path: str | os.PathLike, layout: Layout, grid: Grid) -> Results:
    """Read the means that the layout shows, for first stages and every system of a grid.

    A system of others has none on a test set for which no run file of it was given. A chosen epoch
    has the name of its checkpoint also where it was the only one to be evaluated. Of several seeds,
    which may have chosen different ones, the chosen epochs have the name of the best.

    Args:
        path: results/metrics.csv or, with several seeds, results/over_seeds.csv.
        layout: what the paper shows.
        grid: what was trained.

    Raises:
        UserError: a column, a system or a measure is absent, or a value is no number.
    """
    wanted: dict[Measure, dict[str, Score]] = {measure: {} for measure in layout.measures()}
    queries: dict[str, set[int]] = {name: set() for name in layout.test_sets}
    best = {
        training.checkpoint(BEST): training
        for training in grid.trainings()
        if not training.chooses_by_seed
    }
    for place, row in csv_rows(path, _COLUMNS, AGAIN):
        level = _integer(row, "level", place) if row["level"] else None
        measure = Measure(row["test_set"], row["metric"], level)
        if measure in wanted:
            system = row["system"]
            if (training := best.get(system)) is not None:
                # Means over seeds have no epoch here; without a choice, it is the only one.
                only = training.epochs[0] if grid.is_replicated else _integer(row, "epoch", place)
                system = training.checkpoint(only)
            wanted[measure][system] = _score(row, place)
            queries[measure.test_set].add(_integer(row, "queries", place))
    scores = {
        measure: _in_order(found, layout, grid, measure, path) for measure, found in wanted.items()
    }
    counts = {name: _one(found, name, path) for name, found in queries.items() if found}
    return Results(layout, scores, counts)


def read_experiment(given: Any, params: Any) -> tuple[Grid, Results, Chosen]:
    """Return the grid with the epochs that were trained, its scores, and the chosen epochs.

    Args:
        given: the inputs of a rule: `metrics`, as `read_results` takes it, and `best`, the
            `training/{training}.best.json` of every seed.
        params: its parameters: `grid`, and `test_sets` and `columns`, which make the layout.

    Raises:
        UserError: as `read_results`, or a file of `best` is damaged.
    """
    grid = Grid.build(**params.grid, last=development.last_epochs(given.best))
    layout = Layout.build(params.test_sets, params.columns)
    chosen = chosen_epochs(grid, development.chosen(given.best))
    return grid, read_results(given.metrics, layout, grid), chosen


def chosen_epochs(grid: Grid, by_seed: Mapping[str, int]) -> Chosen:
    """Return the chosen epoch of every training, of those by the name of each seed's training."""
    return {
        training.name: BEST if training.chooses_by_seed else by_seed[training.name]
        for training in grid.trainings()
    }


def epoch_label(epoch: int | str) -> int | str:
    """Return what tables call an epoch: those that each seed chose are not the best of a test."""
    return "chosen" if epoch == BEST else epoch


def _integer(row: Mapping[str, str], column: str, place: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", row[column]):
        raise UserError(f"{place}: {column} is {row[column]!r}, not an integer; {AGAIN}.")
    return int(row[column])


def _score(row: Mapping[str, str], place: str) -> Score:
    values = {}
    for column in ("mean", "low", "high"):
        try:
            values[column] = round(float(row[column]), DIGITS)
        except ValueError:
            values[column] = float("nan")
        if not 0 <= values[column] <= 1:
            raise UserError(
                f"{place}: {column} of {row['metric']} of {row['system']} is {row[column]!r}, "
                "not a number from 0 to 1; evaluate its run file again."
            )
    by_seed = tuple(float(each) for each in row.get("by_seed", "").split(";") if each)
    spread = round(stdev(by_seed), DIGITS) if len(by_seed) > 1 else None
    return Score(**values, sd=spread, by_seed=by_seed)


def _in_order(
    found: Mapping[str, Score], layout: Layout, grid: Grid, measure: Measure, path: object
) -> dict[str, Score]:
    first_stage = grid.first_stage(measure.test_set)
    first = [] if first_stage is None else [first_stage.name]
    given = {each.name for each in grid.systems if each.kind == "run file"}
    every_epoch = layout.test_sets[measure.test_set].every_epoch
    checkpoints = of_table(grid) if every_epoch else _chosen(found, grid)
    systems = [*first, *checkpoints, *(each.name for each in grid.systems)]
    if absent := [system for system in systems if system not in found and system not in given]:
        level = "" if measure.level is None else f" at level {measure.level}"
        raise UserError(
            f"{path}: test set {measure.test_set} has no {measure.metric}{level} for {absent[0]}; "
            "evaluate its run file and make the metrics again."
        )
    return {system: found[system] for system in systems if system in found}


def of_table(grid: Grid) -> list[str]:
    """Return the checkpoints that tables show: with several seeds, the chosen ones come last."""
    return [
        training.checkpoint(epoch) for training in grid.trainings() for epoch in epochs_of(training)
    ]


def epochs_of(training: Training) -> list[int | str]:
    """Return the epochs of a training that tables show, and after them what several seeds chose."""
    return [*training.epochs, *([BEST] if training.chooses_by_seed else [])]


def _chosen(found: Iterable[str], grid: Grid) -> list[str]:
    """Return the checkpoint of each training that was evaluated, where one of each was."""
    return [
        next(filter(set(training.checkpoints()).__contains__, found), training.checkpoint(BEST))
        for training in grid.trainings()
    ]


def _one(queries: Sequence[int] | set[int], test_set: str, path: object) -> int:
    if len(queries) != 1:
        raise UserError(
            f"{path}: the means of {test_set} cover different numbers of queries "
            f"({', '.join(map(str, sorted(queries)))}); they cannot share a table."
        )
    return next(iter(queries))
