"""Our settings beside those of a published study, from its settings.csv.

Its sources, a paper and its authors' code say, may tell of one experiment in several ways. In a row
of the table, `setting` is a key of a training's resolved settings, dotted where it is nested, and
`training` says of which trainings: patterns over `{model}_{optimizer}`, or `all`. Where `training`
is `experiment`, `setting` is a dotted key of the config; where it is `-`, the row is text that no
setting of ours expresses. The sources are those of study.yaml, a column each.

A cell under a source is a value (JSON or a word), a value and a remark in parentheses, or `-` and a
remark where the source gives no value. Only values are compared. In `512 (inferred: remark)` the
value is none that the source says, but one that follows from what the remark says of it.
"""

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from lionrank.errors import UserError
from lionrank.files import csv_rows
from lionrank.published.scores import RESTORE

EXPERIMENT, TEXT, SILENT = "experiment", "-", "-"
INFERRED = "inferred: "


@dataclass(frozen=True)
class Statement:
    """What one source says of one setting; `value` counts only where the source `gives` one.

    Where it is `inferred`, the source does not say it, and `remark` has what it follows from.
    """

    gives: bool
    value: Any
    remark: str
    inferred: bool = False

    def differs_from(self, ours: Any) -> bool:
        """Whether the source gives a value, and another one than ours."""
        return self.gives and not _same(self.value, ours)


@dataclass(frozen=True)
class PublishedSetting:
    """One row of the table; `training` holds its patterns, none where the row is text."""

    setting: str
    training: tuple[str, ...]
    said: Mapping[str, Statement]
    note: str

    @property
    def of_experiment(self) -> bool:
        return self.training == (EXPERIMENT,)

    def matching(self, trainings: Sequence[str]) -> list[str]:
        """Return those of the trainings that the row is about."""
        patterns = ["*" if pattern == "all" else pattern for pattern in self.training]
        return [name for name in trainings if any(fnmatchcase(name, p) for p in patterns)]


@dataclass(frozen=True)
class ComparedSetting:
    """One setting of ours beside the sources; `trainings` have it in common, none if it is global.

    `set_here` is false where our config has no such key, so that the library's default holds.
    """

    setting: str
    trainings: tuple[str, ...]
    set_here: bool
    ours: Any
    said: Mapping[str, Statement]
    note: str

    def differs(self, source: str) -> bool:
        return self.said[source].differs_from(self.ours if self.set_here else _ABSENT)


_ABSENT = object()


def read(path: Path, sources: Collection[str]) -> list[PublishedSetting]:
    """Read the table, of which `sources` are columns.

    Raises:
        UserError: other columns, or a row with more or fewer cells; names file and line.
    """
    columns = ("setting", "training", *sources, "note")
    return [_row(row, sources, place) for place, row in csv_rows(path, columns, RESTORE)]


def _row(row: Mapping[str, str], sources: Collection[str], place: str) -> PublishedSetting:
    for column in ("setting", "training", *sources):
        if not row[column].strip():
            raise UserError(f"{place}: {column} is empty; write - where there is nothing to say")
    text = row["training"] == TEXT
    said = {source: _plain(row[source]) if text else _said(row[source]) for source in sources}
    for source, heard in said.items():
        if heard.inferred and not heard.gives:
            raise UserError(f"{place}: {source}: no value is inferred; write it before its reason")
    return PublishedSetting(
        setting=row["setting"],
        training=() if text else tuple(row["training"].split()),
        said=said,
        note=row["note"],
    )


def _plain(cell: str) -> Statement:
    return Statement(cell != SILENT, cell, "")


def _said(cell: str) -> Statement:
    """Take a cell apart into its value and its remark."""
    cell = cell.strip()
    bracketed = re.fullmatch(r"(.*?)\s*\((.*)\)", cell)
    value, remark = bracketed.groups() if bracketed else (cell, "")
    gives, inferred = value != SILENT, remark.startswith(INFERRED)
    return Statement(gives, _value(value), remark.removeprefix(INFERRED), inferred)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, int | float) and isinstance(right, int | float):
        return math.isclose(left, right, rel_tol=1e-9)
    return left == right


def compare_settings(
    rows: Sequence[PublishedSetting],
    config: Mapping[str, Any],
    trainings: Mapping[str, Mapping[str, Any]],
    alike: Mapping[str, str],
) -> list[ComparedSetting]:
    """Put our settings beside the sources, in the order of the table.

    `trainings` maps `{model}_{optimizer}` to its settings, and `alike` those that stand for
    published ones to these. A row about several trainings gives one comparison for each value that
    they have; a row about none of them, or of text, gives none.
    """
    return [
        ComparedSetting(row.setting, names, *looked_up(row.setting, place), row.said, row.note)
        for row in rows
        for names, place in _places(row, config, trainings, alike)
    ]


def _places(
    row: PublishedSetting,
    config: Mapping[str, Any],
    trainings: Mapping[str, Mapping[str, Any]],
    alike: Mapping[str, str],
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield (trainings with one value in common, where that value stands)."""
    if row.of_experiment:
        yield (), config
        return
    groups: dict[str, list[str]] = {}
    matching = row.matching([*alike.values()])
    for name in [name for name in trainings if alike.get(name) in matching]:
        groups.setdefault(repr(looked_up(row.setting, trainings[name])), []).append(name)
    for names in groups.values():
        yield tuple(names), trainings[names[0]]


def looked_up(setting: str, place: Mapping[str, Any]) -> tuple[bool, Any]:
    """Return whether the dotted key is set, and its value."""
    value: Any = place
    for key in setting.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return False, None
        value = value[key]
    return True, value
