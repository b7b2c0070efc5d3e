"""How documents are scored: what the paper says of it, and what came of each way."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, takewhile
from typing import Any

from lionrank.config.contrasts import SCORINGS
from lionrank.config.scorings import OWN_LENGTH
from lionrank.errors import UserError
from lionrank.evaluation.comparisons import alpha, of_family
from lionrank.files import AGAIN, csv_rows
from lionrank.grid import Grid
from lionrank.measures import METRICS
from lionrank.paper.contrasts import Tested
from lionrank.wording import DIGITS, listed

_COLUMNS = (
    *("group", "test_set", "metric", "system", "epochs"),
    *("mean", "pairs", "tokens", "cut", "left_out", "read"),
)


@dataclass(frozen=True)
class Way:
    """A scoring, as the config has it, and the labels of the test sets and dev sets that have it.

    `how` is None of those whose documents are cut at each checkpoint's own length.
    """

    how: Mapping[str, Any] | None
    test_sets: Sequence[str]
    dev_sets: Sequence[str]


def ways(
    scorings: Mapping[str, Mapping[str, Any]],
    test_sets: Mapping[str, Mapping[str, Any]],
    of_dev_sets: Mapping[str, Mapping[str, Any] | None],
) -> list[Way]:
    """Return how the documents of test sets and dev sets are scored, none where all are cut.

    Args:
        scorings: those of the test sets that have one, by test set.
        test_sets: what the paper says of test sets and of averages, by name.
        of_dev_sets: those of dev sets, None of those that have none, by their labels.
    """
    of_test_sets = [
        (entry["label"], scorings.get(name))
        for name, entry in test_sets.items()
        if "test_sets" not in entry
    ]
    hows = [how for _, how in [*of_test_sets, *of_dev_sets.items()]]
    if not any(hows):
        return []
    return [
        Way(
            how,
            [label for label, each in of_test_sets if each == how],
            [label for label, each in of_dev_sets.items() if each == how],
        )
        for place, how in enumerate(hows)
        if how not in hows[:place]
    ]


@dataclass(frozen=True)
class Reached:
    """What a system reaches by one scoring, and what it read for that.

    `epochs` are the chosen ones with each seed. `read` is the mean number of tokens that the model
    read of a pair, `cut` the percentage of pairs not read to their end, and `left_out` that of the
    tokens not read; None is not known.
    """

    epochs: str
    mean: float
    read: float | None
    cut: float | None
    left_out: float | None


@dataclass(frozen=True)
class Group:
    """Test sets that differ in how their documents are scored alone, in the grid's order.

    `label` is what their labels begin with or, where they share nothing, or as much with another
    group, all of these. `metric` is the measure; `scorings` has the labels of the scorings by test
    set, and `scored` what came of each system by test set.
    """

    label: str
    metric: str
    scorings: Mapping[str, str]
    scored: Mapping[str, Mapping[str, Reached]]

    @property
    def measure(self) -> str:
        """The name of the metric."""
        return METRICS[self.metric]

    def best(self, system: str) -> list[str]:
        """Return the test sets on which a system has its highest value, as printed."""
        means = {name: each.mean for name, each in self.scored[system].items()}
        return [name for name, mean in means.items() if mean == max(means.values())]

    @property
    def unread(self) -> int:
        """Of how many values it is not known how many tokens were read for them."""
        return sum(
            each.read is None for of_system in self.scored.values() for each in of_system.values()
        )

    @property
    def times_best(self) -> dict[str, int]:
        """For how many systems each test set is among `best`."""
        best = [name for system in self.scored for name in self.best(system)]
        return {name: best.count(name) for name in self.scorings}


@dataclass(frozen=True)
class Step:
    """How a scoring stands to an earlier one, both named by their test sets, in the tests.

    So many `systems` were compared, of which so many are significantly `above` or `below`.
    """

    later: str
    earlier: str
    systems: int
    above: int
    below: int


def read_scorings(
    path: str | os.PathLike,
    grid: Grid,
    test_sets: Mapping[str, Mapping[str, Any]],
    scorings: Mapping[str, Mapping[str, Any]],
) -> list[Group]:
    """Read results/scorings.csv: each group in the first measure that it has there.

    Args:
        path: the file.
        grid: what was scored.
        test_sets: what the paper says of them, by name.
        scorings: the scorings of those that have one, by test set.

    Raises:
        UserError: a column is absent, or a value is no number.
    """
    rows: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for place, row in csv_rows(path, _COLUMNS, AGAIN):
        of_group = rows.setdefault(row["group"], [])
        if not of_group or of_group[0][1]["metric"] == row["metric"]:
            of_group.append((place, row))
    groups = [_group(found, grid, test_sets, scorings) for found in rows.values()]
    begun = Counter(each.label for each in groups)
    return [
        each if begun[each.label] == 1 else replace(each, label=_whole(each, test_sets))
        for each in groups
    ]


def _whole(group: Group, test_sets: Mapping[str, Mapping[str, Any]]) -> str:
    return listed(test_sets[name]["label"] for name in group.scorings)


def steps(group: Group, compared: Mapping[str, Any]) -> Iterator[Step]:
    """Yield how each scoring of a group stands to those before it, as far as that was tested."""
    records = [
        each
        for each in of_family(compared, SCORINGS)
        if each["metric"] == group.metric and each["test_set"] in group.scorings
    ]
    for earlier, later in combinations(group.scorings, 2):
        tested = [
            Tested.of(each, alpha(compared))
            for each in records
            if (each["test_set"], each["right"]["test_set"]) == (later, earlier)
        ]
        shown = [each.difference for each in tested if each.significant]
        above, below = (sum(sign * each > 0 for each in shown) for sign in (1, -1))
        if tested:
            yield Step(later, earlier, len(tested), above, below)


def _group(
    rows: Sequence[tuple[str, Mapping[str, str]]],
    grid: Grid,
    test_sets: Mapping[str, Mapping[str, Any]],
    scorings: Mapping[str, Mapping[str, Any]],
) -> Group:
    found: dict[str, dict[str, Reached]] = {}
    for place, row in rows:
        found.setdefault(row["system"], {})[row["test_set"]] = _reached(row, place)
    first = rows[0][1]
    names = [first["group"], *grid.scored_otherwise(first["group"])]
    labels = {name: scorings[name]["label"] if name in scorings else OWN_LENGTH for name in names}
    label = _beginning([test_sets[name]["label"] for name in names])
    return Group(label, first["metric"], labels, found)


def _reached(row: Mapping[str, str], place: str) -> Reached:
    try:
        counted = {
            key: float(row[key]) if row[key] else None
            for key in ("pairs", "tokens", "cut", "left_out", "read")
        }
        mean = round(float(row["mean"]), DIGITS) + 0.0
    except ValueError as error:
        raise UserError(f"{place}: {error}; {AGAIN}.") from None

    def part(key: str, of: str, times: float = 1.0) -> float | None:
        some, all_ = counted[key], counted[of]
        return times * some / all_ if some is not None and all_ else None

    return Reached(
        row["epochs"],
        mean,
        read=part("read", "pairs"),
        cut=part("cut", "pairs", 100),
        left_out=part("left_out", "tokens", 100),
    )


def _beginning(labels: Sequence[str]) -> str:
    """Return the words that all labels begin with; where there are none, the labels."""
    first, *others = [label.split() for label in labels]
    alike = zip(first, *others, strict=False)
    shared = [word for word, *same in takewhile(lambda words: len({*words}) == 1, alike)]
    return " ".join(shared) or listed(labels)
