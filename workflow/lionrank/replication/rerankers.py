"""What public rerankers reach here, a line beside each value that was published of them."""

import os
from collections.abc import Collection, Iterable, Mapping

from tabulate import tabulate

from lionrank.errors import UserError
from lionrank.files import AGAIN, csv_rows
from lionrank.measures import METRICS, Measure
from lionrank.published.rerankers import PublishedValue
from lionrank.wording import score

_COLUMNS = ("test_set", "system", "metric", "level", "mean", "low", "high")
_HEADERS = ("system", "test set", "measure", "ours", "interval", "published", "difference", "")

Means = Mapping[tuple[str, Measure], tuple[float, float, float]]
"""By system and measure the mean over topics, and the bounds of its interval."""


def read_means(path: str | os.PathLike, systems: Collection[str]) -> Means:
    """Return the means of some systems in results/metrics.csv.

    Raises:
        UserError: a column is absent or a value is no number; names file and line.
    """
    found: dict[tuple[str, Measure], tuple[float, float, float]] = {}
    for place, row in csv_rows(path, _COLUMNS, AGAIN):
        if row["system"] in systems:
            try:
                level = int(row["level"]) if row["level"] else None
                mean, low, high = (float(row[name]) for name in ("mean", "low", "high"))
            except ValueError as error:
                raise UserError(f"{place}: {error}; {AGAIN}.") from None
            found[row["system"], Measure(row["test_set"], row["metric"], level)] = mean, low, high
    return found


def to_text(
    systems: Mapping[str, str], means: Means, published: Iterable[PublishedValue], measured: str
) -> str:
    """Return a line for each published value: ours, its interval, theirs, and the difference.

    Values that cannot be compared here, and systems of which there is none, are counted below.

    Args:
        systems: the checkpoint's row in the table of sources, by the name of the system.
        means: what the systems reach here.
        published: all published values.
        measured: the file that `means` are from.
    """
    by_checkpoint: dict[str, list[PublishedValue]] = {}
    for each in published:
        by_checkpoint.setdefault(each.checkpoint, []).append(each)
    rows: list[tuple[str, ...]] = []
    elsewhere: list[str] = []
    notes: dict[tuple[str, str], str] = {}
    for system, checkpoint in systems.items():
        for each in by_checkpoint.get(checkpoint, ()):
            ours = means.get((system, each.measure))
            if ours is None:
                elsewhere.append(f"{system} {each.measure.test_set} {each.measure.metric}")
                continue
            mark = notes.setdefault((each.source, each.note), f"[{len(notes) + 1}]")
            rows.append(_row(system, each, *ours, mark))
    lines = [tabulate(rows, _HEADERS, tablefmt="plain", disable_numparse=True)] if rows else []
    lines += [f"{mark} {source}: {note}" for (source, note), mark in notes.items()]
    if elsewhere:
        lines.append(f"published, and not in {measured}: {', '.join(elsewhere)}")
    if none := [system for system, key in systems.items() if key not in by_checkpoint]:
        lines.append(f"without published values: {', '.join(none)}")
    return "\n".join(lines) + "\n"


def _row(
    system: str, published: PublishedValue, mean: float, low: float, high: float, mark: str
) -> tuple[str, ...]:
    outside = "" if low <= published.value <= high else " *"
    return (
        *(system, published.measure.test_set, METRICS[published.measure.metric]),
        *(score(mean), f"{score(low)} to {score(high)}", score(published.value) + outside),
        *(f"{mean - published.value:+.4f}", mark),
    )
