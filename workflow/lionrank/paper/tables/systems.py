"""The table of systems on TREC DL 2019: published ones, the published study's, and ours.

Scores are nDCG@10 with the digits that were printed, or four of ours. The study's trainings are at
the epoch that is best on these very topics, as it reports them; ours at the one that development
data chose.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from lionrank.grid import FIRST_STAGE, FIRST_STAGE_LABEL, Grid
from lionrank.measures import GRADED, METRICS, Measure
from lionrank.paper.latex import escape
from lionrank.paper.results import Results
from lionrank.paper.tables.tabular import bold, row, tabular
from lionrank.published.scores import PRINTED, TEST_SETS, PublishedScores, PublishedSystem
from lionrank.wording import DIGITS, score

MEASURE = Measure(TEST_SETS[GRADED], GRADED)
STUDY = "kumar2025comparative"
"""Its entry in paper/refs.bib."""
STUDY_GROUP, OUR_GROUP = "published study", "ours"
_HEADINGS = {
    "sparse": "Sparse retrieval",
    "dense": "Dense retrieval",
    "hybrid": "Hybrid retrieval",
    "cross-encoder": "Cross-encoders",
    STUDY_GROUP: "Cross-encoders of the published study, best epoch on these topics",
    OUR_GROUP: "Ours, epoch chosen on development data",
}


@dataclass(frozen=True)
class SystemRow:
    """A system in the table; `epoch` is of a checkpoint, `reference` of what was published."""

    group: str
    name: str
    epoch: int | None
    score: str
    reference: str | None


def systems(
    published: Iterable[PublishedSystem],
    study: PublishedScores,
    results: Results,
    grid: Grid,
    chosen: Mapping[str, int],
) -> list[SystemRow]:
    """Return all rows of the table, those of a group together.

    Ours are among them where nDCG@10 on DL 2019 is among the results.

    Args:
        published: table II of the paper.
        study: its table I.
        results: ours.
        grid: what we trained.
        chosen: the epoch that development data chose of each `{model}_{optimizer}`.
    """
    rows = [
        SystemRow(each.group, each.name, None, each.score, each.reference) for each in published
    ]
    return [*rows, *_of_study(study[MEASURE]), *_of_ours(results, grid, chosen)]


def _of_study(scores: Mapping[str, float]) -> Iterator[SystemRow]:
    """Yield the study's trainings, the first of the best epochs of each."""
    best: dict[str, tuple[float, int]] = {}
    for name, value in scores.items():
        training, _, epoch = name.rpartition("_e")
        if training not in best or value > best[training][0]:
            best[training] = value, int(epoch)
    for training, (value, epoch) in best.items():
        name = ", ".join(PRINTED.get(part, part) for part in training.split("_"))
        yield SystemRow(STUDY_GROUP, name, epoch, score(value), STUDY)


def _of_ours(results: Results, grid: Grid, chosen: Mapping[str, int]) -> Iterator[SystemRow]:
    if MEASURE not in results.scores:
        return
    if FIRST_STAGE in results.scores[MEASURE]:
        first_stage = score(results.mean(MEASURE, FIRST_STAGE))
        yield SystemRow(OUR_GROUP, FIRST_STAGE_LABEL, None, first_stage, None)
    for training in grid.trainings():
        epoch = chosen[training.name]
        value = results.mean(MEASURE, training.checkpoint(epoch))
        yield SystemRow(OUR_GROUP, ", ".join(training.labels), epoch, score(value), None)


def systems_table(rows: Sequence[SystemRow]) -> str:
    """Return the table with the best value of each group in bold."""
    lines = [
        rf"\begin{{tabular}}{{@{{}}llS[table-format=1.{DIGITS}]@{{}}}}",
        r"\toprule",
        row(["System", "Reference", f"{{{METRICS[GRADED]}}}"]),
    ]
    for group, found in groupby(rows, lambda each: each.group):
        among = list(found)
        top = max(float(each.score) for each in among)
        heading = escape(_HEADINGS.get(group, group))
        lines += [r"\midrule", row([rf"\multicolumn{{3}}{{@{{}}l}}{{\emph{{{heading}}}}}"])]
        lines += [_line(each, float(each.score) == top) for each in among]
    return tabular(lines, __name__)


def _line(each: SystemRow, best: bool) -> str:
    name = escape(each.name).replace(r"-\textgreater{}", r"$\rightarrow$")
    epoch = "" if each.epoch is None else f", epoch {each.epoch}"
    cited = "" if each.reference is None else rf"\cite{{{each.reference}}}"
    return row([name + epoch, cited, bold(each.score, best)])


def systems_rows(rows: Sequence[SystemRow]) -> list[dict[str, object]]:
    """Return the same as rows of plain values."""
    return [
        {
            "group": each.group,
            "system": each.name,
            "epoch": each.epoch,
            GRADED: each.score,
            "reference": each.reference,
        }
        for each in rows
    ]
