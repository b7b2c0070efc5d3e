"""The tables of what trainings learn from, and of what they reach by it."""

from collections.abc import Mapping, Sequence

from lionrank.grid import Grid
from lionrank.measures import METRICS, Measure
from lionrank.paper.learnt import Learnt
from lionrank.paper.measured import over_seeds
from lionrank.paper.results import Chosen, Results, epoch_label
from lionrank.paper.tables.efficiency import Trainings, columns
from lionrank.paper.tables.pages import panels, width_of_scores
from lionrank.paper.tables.tabular import Table

_COSTS = ("device_hours", "energy_joules")
_TEST_SETS = 4
"""So many stand beside the names and the costs of trainings."""
_CHOSEN = ("ranking", "threshold", "negatives", "ranks", "random_negatives")


def data(learnt: Sequence[Learnt]) -> Table:
    """Return the training data, one a row; an epoch passes over each once.

    `passages` are those of an epoch, of which `distinct` ones, and `a_query` the examples of a
    query, which an epoch passes as often.
    """
    rows = [
        {
            "data": each.name,
            "collection": each.origin["collection"],
            "examples": each.examples.examples,
            "passages": each.examples.passages,
            "distinct": each.examples.distinct,
            "queries": each.examples.queries,
            "a_query": each.examples.examples / each.examples.queries,
            "judged": None if each.judged is None else 100 * each.judged,
            "lowest": each.examples.scores and each.examples.scores[0],
            "highest": each.examples.scores and each.examples.scores[1],
            **{key: each.origin[key] for key in _CHOSEN},
        }
        for each in learnt
    ]
    counts = ("examples", "passages", "distinct", "queries", "a_query", "judged")
    return Table(rows, facts={"counts": counts})


def reached(
    results: Results,
    grid: Grid,
    chosen: Chosen,
    labels: Mapping[str, Mapping[str, str]],
    costs: Trainings,
) -> Table:
    """Return the primary metric of each training at its chosen epoch, and what it cost.

    Args:
        results: the means.
        grid: what was trained.
        chosen: the epoch that development data chose, by `{model}_{optimizer}`.
        labels: of the optimizers and of the objectives, by their keys in the config.
        costs: what efficiency.json has of each seed's training, of which the means are shown.
    """
    costs = over_seeds(costs, grid)
    layout = results.layout
    measures = {
        measure.test_set: measure
        for measure in (layout.primary, *layout.columns)
        if measure.metric == layout.primary.metric
    }
    shown = [each for each in columns(costs) if each.key in _COSTS]
    rows = []
    for training in grid.trainings():
        treatment, epoch = training.treatment, chosen[training.name]
        checkpoint = training.checkpoint(epoch)
        among = [each.checkpoint(chosen[each.name]) for each in grid.of_model(training.model)]
        rows.append(
            {
                "model": training.model.label,
                "treatment": treatment.label,
                "optimizer": labels["optimizers"].get(treatment.optimizer or ""),
                "objective": labels["objectives"].get(treatment.objective or ""),
                "data": treatment.data,
                "training": training.name,
                "epoch": epoch_label(epoch),
                **{name: results.mean(each, checkpoint) for name, each in measures.items()},
                **_spreads(results, measures if grid.is_replicated else {}, checkpoint),
                "low": results.scores[layout.primary][checkpoint].low,
                "high": results.scores[layout.primary][checkpoint].high,
                "best": _best(results, measures, among, checkpoint),
                # Of several seeds, some of which stopped earlier, a mean.
                "passages": round(costs[training.name]["examples"]),
                **{each.key: costs[training.name][each.key] for each in shown},
            }
        )
    facts = {
        "test_sets": {name: layout.test_sets[name].label for name in measures},
        "panels": panels(
            [[name] for name in measures], [width_of_scores(grid)] * len(measures), _TEST_SETS
        ),
        "grid": grid,
        "primary": layout.primary.test_set,
        "metric": METRICS[layout.primary.metric],
        "costs": shown,
        "several_optimizers": len({row["optimizer"] for row in rows}) > 1,
    }
    left_out = ("best", "training")
    return Table(rows, [key for key in rows[0] if key not in left_out], facts)


def _spreads(
    results: Results, measures: Mapping[str, Measure], checkpoint: str
) -> dict[str, float | None]:
    """Return the standard deviations over seeds by test set, named `{test_set}_sd`."""
    return {f"{name}_sd": results.scores[each][checkpoint].sd for name, each in measures.items()}


def _best(
    results: Results, measures: Mapping[str, Measure], among: Sequence[str], checkpoint: str
) -> list[str]:
    """Return the test sets on which a checkpoint has the highest value among those of its model."""
    return [name for name, each in measures.items() if checkpoint in results.best(each, among)]
