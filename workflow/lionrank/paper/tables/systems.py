"""The table of the systems that a study compares its own with, of its own, and of those here.

Scores are nDCG@10 on one test set, with the digits that were printed, or four of those here. The
study's trainings are at the epoch that is best on these very topics, as it reports them, and ours
at the one that development data chose. Systems of others that were evaluated here have a group of
their own.
"""

from collections.abc import Iterable, Iterator, Mapping

from lionrank.grid import Grid
from lionrank.measures import GRADED, Measure
from lionrank.paper.results import Chosen, Results, epoch_label
from lionrank.paper.tables.tabular import Table
from lionrank.published.scores import PublishedScores, parts, training_of
from lionrank.published.study import Study
from lionrank.published.systems import PublishedSystem
from lionrank.wording import score

STUDY_GROUP, OUR_GROUP, OTHERS_GROUP = "published study", "ours", "not trained here"


def measure(study: Study) -> Measure:
    """Return what systems are compared by: nDCG@10 on the test set of the study's systems.csv."""
    return Measure(study.systems or "", GRADED)


def table(
    published: Iterable[PublishedSystem],
    scores: PublishedScores,
    study: Study,
    results: Results,
    grid: Grid,
    chosen: Chosen,
) -> Table:
    """Return all systems, those of a group together.

    Ours and those of others are among them where nDCG@10 on that test set is among the results.

    Args:
        published: the systems that the study compares its own with.
        scores: the values of its own, by its primary account.
        study: the study.
        results: ours.
        grid: what we trained, and the systems of others.
        chosen: the epoch that development data chose of each `{model}_{optimizer}`.
    """
    rows = [_row(each.group, each.name, None, each.score, each.reference) for each in published]
    by = measure(study)
    rows += [*_of_study(scores[by], study), *_of_ours(results, by, grid, chosen)]
    rows += _of_others(results, by, grid)
    left_out = () if grid.is_replicated else ("sd",)
    return Table(rows, [key for key in rows[0] if key not in left_out])


def _row(
    group: str,
    system: str,
    epoch: int | str | None,
    printed: str,
    reference: str | None = None,
    sd: float | None = None,
) -> dict[str, object]:
    """Return a row; `epoch` is of a checkpoint, `reference` of what was published.

    `sd` is the standard deviation over several seeds.
    """
    return {
        "group": group,
        "system": system,
        "epoch": epoch,
        GRADED: printed,
        "sd": sd,
        "reference": reference,
    }


def _of_study(scores: Mapping[str, float], study: Study) -> Iterator[dict[str, object]]:
    """Yield the study's trainings, the first of the best epochs of each."""
    best: dict[str, tuple[float, int | None]] = {}
    for name, value in scores.items():
        _, _, epoch = parts(name)
        training = training_of(name)
        if training not in best or value > best[training][0]:
            best[training] = value, epoch
    for training, (value, epoch) in best.items():
        name = ", ".join(study.labels(training))
        yield _row(STUDY_GROUP, name, epoch, score(value), study.cite)


def _of_ours(
    results: Results, by: Measure, grid: Grid, chosen: Chosen
) -> Iterator[dict[str, object]]:
    if by not in results.scores:
        return
    if (first_stage := grid.first_stage(by.test_set)) is not None:
        value = results.mean(by, first_stage.name)
        yield _row(OUR_GROUP, first_stage.label, None, score(value))
    for training in grid.trainings():
        epoch = chosen[training.name]
        found = results.scores[by][training.checkpoint(epoch)]
        label, printed = ", ".join(training.labels), score(found.mean)
        yield _row(OUR_GROUP, label, epoch_label(epoch), printed, sd=found.sd)


def _of_others(results: Results, by: Measure, grid: Grid) -> Iterator[dict[str, object]]:
    scores = results.scores.get(by, {})
    for other in grid.systems:
        if other.name in scores:
            value = score(scores[other.name].mean)
            yield _row(OTHERS_GROUP, other.label, other.epoch, value)
