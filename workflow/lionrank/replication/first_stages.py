"""What BM25 reaches here on public test sets, beside what Anserini's regression tests reach."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from tabulate import tabulate

from lionrank.evaluation.trec_eval import evaluate, value_of
from lionrank.published.first_stages import LABELS, PublishedRanking
from lionrank.trec import Qrels, Run, remove_queries, say_removed
from lionrank.wording import DIGITS, score

REPRODUCED, DIFFERS = "reproduced", "differs"
_HEADERS = ("test set", "measures", "ours", "published", "difference", "")
_ROUNDING = 0.00005 + 1e-9
"""Published values have four digits; the rest is what the order of a sum may change."""


@dataclass(frozen=True)
class Compared:
    """A test set's published values, and ours in the order of these."""

    test_set: str
    published: PublishedRanking
    ours: Sequence[float]

    @cached_property
    def differences(self) -> list[float]:
        theirs = self.published.values.values()
        return [mine - value for mine, value in zip(self.ours, theirs, strict=True)]

    @property
    def verdict(self) -> str:
        """Whether each value is the published one, to its four digits."""
        agrees = all(abs(difference) <= _ROUNDING for difference in self.differences)
        return REPRODUCED if agrees else DIFFERS


def compare(test_set: str, published: PublishedRanking, qrels: Qrels, run: Run) -> Compared:
    """Evaluate a ranking by each measure of which a value was published.

    Every judged topic counts, those without candidates as zero. Where the published ranking is
    without documents that are the query itself, `run` is rid of them.

    Raises:
        UserError: as `lionrank.evaluation.trec_eval.evaluate`.
    """
    if published.remove_query:
        say_removed(test_set, remove_queries(run))
    levels = {level or 1 for _, level in published.values}
    per_query = {level: evaluate(qrels, run, level, complete=True).values() for level in levels}
    values = {
        (metric, level): [value_of(each, metric) for each in per_query[level or 1]]
        for metric, level in published.values
    }
    return Compared(test_set, published, [sum(each) / len(each) for each in values.values()])


def to_text(compared: Iterable[Compared], without: Iterable[str]) -> str:
    """Return a line a test set, and below it what is to be known of the published values.

    Args:
        compared: the test sets with published values.
        without: the names of the test sets that have none.
    """
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    for each in compared:
        mark = ""
        if note := each.published.note:
            notes.append(f"[{len(notes) + 1}] {each.published.source}: {note}")
            mark = f" [{len(notes)}]"
        rows.append(_row(each, mark))
    lines = [tabulate(rows, _HEADERS, tablefmt="plain", disable_numparse=True), *notes]
    if names := ", ".join(without):
        lines.append(f"without published values: {names}")
    return "\n".join(lines) + "\n"


def _row(each: Compared, mark: str) -> tuple[str, ...]:
    return (
        each.test_set + mark,
        _listed(map(_label, each.published.values)),
        _listed(map(score, each.ours)),
        _listed(map(score, each.published.values.values())),
        _listed(f"{round(value, DIGITS) + 0.0:+.{DIGITS}f}" for value in each.differences),
        each.verdict,
    )


def _label(measure: tuple[str, int | None]) -> str:
    """Return a metric as it is printed, with the least relevant grade where that is not 1."""
    metric, level = measure
    return LABELS[metric] if level in (None, 1) else f"{LABELS[metric]}(>={level})"


def _listed(cells: Iterable[str]) -> str:
    return " ".join(cells)
