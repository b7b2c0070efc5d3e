"""The table of systems on TREC DL 2019: published ones, the published study's, and those here.

Scores are nDCG@10 with the digits that were printed, or four of those here. The study's trainings
are at the epoch that is best on these very topics, as it reports them; ours at the one that
development data chose. Systems of others that were evaluated here have a group of their own.
"""

from collections.abc import Iterable, Iterator, Mapping

from lionrank.grid import Grid
from lionrank.measures import GRADED, Measure
from lionrank.paper.results import Results
from lionrank.paper.tables.tabular import Table
from lionrank.published.scores import PRINTED, TEST_SETS, PublishedScores, PublishedSystem
from lionrank.wording import score

MEASURE = Measure(TEST_SETS[GRADED], GRADED)
STUDY = "kumar2025comparative"
"""Its entry in paper/refs.bib."""
STUDY_GROUP, OUR_GROUP, OTHERS_GROUP = "published study", "ours", "not trained here"


def table(
    published: Iterable[PublishedSystem],
    study: PublishedScores,
    results: Results,
    grid: Grid,
    chosen: Mapping[str, int],
) -> Table:
    """Return all systems, those of a group together.

    Ours and those of others are among them where nDCG@10 on DL 2019 is among the results.

    Args:
        published: table II of the paper.
        study: its table I.
        results: ours.
        grid: what we trained, and the systems of others.
        chosen: the epoch that development data chose of each `{model}_{optimizer}`.
    """
    rows = [_row(each.group, each.name, None, each.score, each.reference) for each in published]
    rows += [*_of_study(study[MEASURE]), *_of_ours(results, grid, chosen)]
    rows += _of_others(results, grid)
    return Table(rows)


def _row(
    group: str, system: str, epoch: int | None, printed: str, reference: str | None = None
) -> dict[str, object]:
    """Return a row; `epoch` is of a checkpoint, `reference` of what was published."""
    return {
        "group": group,
        "system": system,
        "epoch": epoch,
        GRADED: printed,
        "reference": reference,
    }


def _of_study(scores: Mapping[str, float]) -> Iterator[dict[str, object]]:
    """Yield the study's trainings, the first of the best epochs of each."""
    best: dict[str, tuple[float, int]] = {}
    for name, value in scores.items():
        training, _, place = name.rpartition("_e")
        if training not in best or value > best[training][0]:
            best[training] = value, int(place)
    for training, (value, epoch) in best.items():
        name = ", ".join(PRINTED.get(part, part) for part in training.split("_"))
        yield _row(STUDY_GROUP, name, epoch, score(value), STUDY)


def _of_ours(
    results: Results, grid: Grid, chosen: Mapping[str, int]
) -> Iterator[dict[str, object]]:
    if MEASURE not in results.scores:
        return
    if (first_stage := grid.first_stage(MEASURE.test_set)) is not None:
        value = results.mean(MEASURE, first_stage.name)
        yield _row(OUR_GROUP, first_stage.label, None, score(value))
    for training in grid.trainings():
        epoch = chosen[training.name]
        value = results.mean(MEASURE, training.checkpoint(epoch))
        yield _row(OUR_GROUP, ", ".join(training.labels), epoch, score(value))


def _of_others(results: Results, grid: Grid) -> Iterator[dict[str, object]]:
    scores = results.scores.get(MEASURE, {})
    for other in grid.systems:
        if other.name in scores:
            value = score(scores[other.name].mean)
            yield _row(OTHERS_GROUP, other.label, other.epoch, value)
