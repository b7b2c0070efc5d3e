"""What the paper says of the checkpoints that others published, from results/replication.json."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from lionrank.files import read_json
from lionrank.measures import METRICS
from lionrank.published.scores import parts
from lionrank.replication.variants import AS_SCORED, OTHER_PRECISION
from lionrank.wording import DIGITS, listed, score

LABELS = {
    AS_SCORED: "as scored",
    "ties": "ties as trec_eval orders them",
    "bf16_logits": "logits rounded to bf16",
    "sigmoid": "the sigmoid of the logits",
    "bf16_sigmoid": "the sigmoid in bf16",
    "depth_10": "the first 10 candidates alone",
    "depth_100": "the first 100 candidates alone",
    "level_2": "grades of at least 2",
    "answerable": "topics with a relevant passage alone",
}
"""The variants, as prose and tables name them; another precision is named by its own name."""


@dataclass(frozen=True)
class Names:
    """What prose calls the tables of published values, and models and treatments."""

    tables: Mapping[str, str]
    labels: Mapping[str, str]

    def parts(self, checkpoint: str) -> tuple[str, str, int | None]:
        """Return model, treatment and any epoch of a published row, the first two as prose does."""
        model, treatment, epoch = parts(checkpoint)
        return self.labels[model], self.labels[treatment], epoch

    def described(self, checkpoint: str) -> str:
        """Return a published checkpoint as prose names it, "GTE with Lion at epoch 1"."""
        model, treatment, epoch = self.parts(checkpoint)
        return f"{model} with {treatment}" + ("" if epoch is None else f" at epoch {epoch}")

    def short(self, checkpoint: str) -> str:
        """Return a row as tables of one model name it, "Lion 2"."""
        _, treatment, epoch = self.parts(checkpoint)
        return treatment if epoch is None else f"{treatment} {epoch}"

    def where(self, tables: Mapping[str, float]) -> str:
        """Return some tables with the distances in them, nothing where there are none."""
        return listed(f"{self.tables[name]} ({score(apart)})" for name, apart in tables.items())


@dataclass(frozen=True)
class ReproducedRow:
    """A published row of a checkpoint, in one of the tables.

    `distances` are by variant, the largest difference between any value of ours and of the row.
    """

    table: str
    checkpoint: str
    values: Sequence[float]
    distances: Mapping[str, float]


@dataclass(frozen=True)
class Match:
    """A published checkpoint, and how far ours is from its row in each of some tables."""

    checkpoint: str
    tables: Mapping[str, float]
    others: Mapping[str, float]
    """The same of the tables in which it is further away."""
    names: Names

    @property
    def distance(self) -> float:
        return min(self.tables.values())

    @property
    def described(self) -> str:
        return self.names.described(self.checkpoint)

    @property
    def where(self) -> str:
        """The tables as prose names them, with the distances."""
        if len(self.tables) == 2 and len({*self.tables.values()}) == 1:
            return f"in both tables ({score(self.distance)})"
        return self.names.where(self.tables)

    @property
    def elsewhere(self) -> str:
        """The other tables in the same way, nothing where there are none."""
        return self.names.where(self.others) if self.others else ""


@dataclass(frozen=True)
class Replicated:
    """A system of others beside the rows that were published of its model.

    `optimizer` and `epoch` are those of its entry in the config, None where they are not known.
    `variants` has values and shares of ties of each variant, and `labels` their names.
    """

    name: str
    label: str
    optimizer: str | None
    epoch: int | None
    variants: Mapping[str, Mapping[str, Sequence[float]]]
    labels: Mapping[str, str]
    rows: Sequence[ReproducedRow]
    tolerance: float
    names: Names

    def matches(self, variant: str = AS_SCORED, within: float = math.inf) -> list[Match]:
        """Return the published checkpoints whose rows are so close, the closest first."""
        near: dict[str, dict[str, float]] = {}
        far: dict[str, dict[str, float]] = {}
        for row in self.rows:
            place = near if (apart := row.distances[variant]) <= within else far
            place.setdefault(row.checkpoint, {})[row.table] = apart
        matches = [
            Match(name, tables, far.get(name, {}), self.names) for name, tables in near.items()
        ]
        return sorted(matches, key=lambda each: each.distance)

    def reproduced(self, variant: str = AS_SCORED) -> list[Match]:
        """Return those with a row within the tolerance, the closest first."""
        return self.matches(variant, self.tolerance)

    @property
    def closest(self) -> list[Match]:
        """Return those with a row at the smallest distance."""
        return self.matches(within=min(row.distances[AS_SCORED] for row in self.rows))

    @property
    def explained(self) -> dict[str, list[Match]]:
        """Return what each other variant reproduces, of those that reproduce anything."""
        found = {key: self.reproduced(key) for key in self.variants if key != AS_SCORED}
        return {key: matches for key, matches in found.items() if matches}

    @property
    def expected(self) -> list[str]:
        """Return the published checkpoints that it can be by its entry, none if that is silent."""
        return [
            name
            for name in dict.fromkeys(row.checkpoint for row in self.rows)
            for _, treatment, epoch in [parts(name)]
            if self.optimizer == treatment and self.epoch in (None, epoch)
        ]

    @property
    def entered(self) -> str:
        """Return what it is by its entry, as prose names it."""
        model, optimizer, epoch = self.names.parts(self.expected[0])
        return f"{model} with {optimizer}" + ("" if self.epoch is None else f" at epoch {epoch}")

    def closest_in(self, table: str, variant: str = AS_SCORED) -> ReproducedRow:
        """Return the first row of a table at the smallest distance."""
        rows = [row for row in self.rows if row.table == table]
        return min(rows, key=lambda row: row.distances[variant])


@dataclass(frozen=True)
class Move:
    """How much a variant changes a value at most, of which system and in which measure."""

    label: str
    variant: str
    size: float
    system: str
    metric: str


@dataclass(frozen=True)
class Replication:
    """The systems in the order of the config, and the measures that were published."""

    tolerance: float
    metrics: Sequence[str]
    test_sets: Sequence[str]
    systems: Sequence[Replicated]
    names: Names
    study: str
    """The name of the study that published them."""

    @classmethod
    def read(cls, path: str | os.PathLike) -> "Replication":
        """Read results/replication.json.

        Raises:
            UserError: it is damaged.
        """
        found = read_json(path)
        measures, tolerance = found["measures"], found["tolerance"]
        names = Names(found["tables"], found["labels"])
        return cls(
            tolerance,
            [measure["metric"] for measure in measures],
            list(dict.fromkeys(measure["test_set"] for measure in measures)),
            [_replicated(each, tolerance, names) for each in found["systems"]],
            names,
            found["study"],
        )

    @property
    def reproducing(self) -> int:
        """How many of the systems reproduce any row."""
        return sum(bool(system.reproduced()) for system in self.systems)

    @property
    def alike(self) -> dict[tuple[str, str], str]:
        """Pairs of rows of one table that are within the tolerance of each other, and where."""
        found: dict[tuple[str, str], list[str]] = {}
        for system in self.systems:
            for one, other in combinations(system.rows, 2):
                pairs = zip(one.values, other.values, strict=True)
                largest = round(max(abs(left - right) for left, right in pairs), DIGITS)
                if one.table == other.table and largest <= self.tolerance:
                    found.setdefault((one.checkpoint, other.checkpoint), []).append(one.table)
        return {
            (self.names.described(one), self.names.described(other)): listed(
                map(self.names.tables.get, dict.fromkeys(tables))
            )
            for (one, other), tables in found.items()
        }

    @property
    def in_tables(self) -> list[tuple[str, int]]:
        """Return how many systems reproduce their closest row where, as prose names it."""
        closest = [found[0].tables.keys() for each in self.systems if (found := each.reproduced())]
        tables = self.names.tables
        ways = {"in both tables": {*tables}} if len(tables) == 2 else {}
        ways |= {f"{label} alone": {table} for table, label in tables.items()}
        return [(way, sum(found == of for found in closest)) for way, of in ways.items()]

    @cached_property
    def moves(self) -> list[Move]:
        """What each variant changes at most over all systems, the largest change first."""
        largest: dict[str, Move] = {}
        for system in self.systems:
            ours = system.variants[AS_SCORED]["values"]
            for variant, found in system.variants.items():
                for metric, before, after in zip(self.metrics, ours, found["values"], strict=True):
                    size = round(abs(after - before), DIGITS)
                    label = system.labels[variant]
                    move = Move(label, variant, size, system.name, METRICS[metric])
                    known = largest.get(label, move)
                    largest[label] = max(known, move, key=lambda each: each.size)
        changed = [move for move in largest.values() if move.variant != AS_SCORED]
        return sorted(changed, key=lambda each: -each.size)

    def tied(self, variant: str, test_set: int = 0) -> float:
        """Return the largest share of passages that a variant ties on a test set."""
        return max(each.variants[variant]["tied"][test_set] for each in self.systems)


def _replicated(found: Mapping[str, Any], tolerance: float, names: Names) -> Replicated:
    return Replicated(
        found["name"],
        found["label"],
        found["optimizer"],
        found["epoch"],
        {each["variant"]: each for each in found["variants"]},
        LABELS | {OTHER_PRECISION: f"a pass in {found['other_precision']}"},
        [ReproducedRow(**row) for row in found["rows"]],
        tolerance,
        names,
    )
