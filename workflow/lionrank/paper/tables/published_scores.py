"""The table of what a study published, a training a row and a measure a column."""

from collections.abc import Sequence

from lionrank.measures import METRICS, Measure
from lionrank.paper.tables.tabular import Row, Table
from lionrank.published.scores import PublishedScores, parts
from lionrank.published.study import Study


def table(scores: PublishedScores, study: Study) -> Table:
    """Return the values of an account, model by model in the order of study.yaml.

    A value is under `{test set}_{metric}`, and `best` has the columns in which it is the highest of
    several with its model.
    """
    names = dict.fromkeys(name for values in scores.values() for name in values)
    rows = [
        _row(name, of_model, scores, study)
        for model in study.models
        for of_model in [[name for name in names if parts(name)[0] == model]]
        for name in of_model
    ]
    columns = [
        {
            "name": _column(measure),
            "metric": METRICS[measure.metric],
            "test_set": study.test_sets[measure.test_set].label,
        }
        for measure in scores
    ]
    return Table(rows, facts={"columns": columns})


def _row(name: str, of_model: Sequence[str], scores: PublishedScores, study: Study) -> Row:
    model, treatment, epoch = parts(name)
    label = study.treatments[treatment].label
    best = [
        _column(measure)
        for measure, values in scores.items()
        if len(of_model) > 1 and values[name] == max(values[each] for each in of_model)
    ]
    return {
        "model": study.models[model].label,
        "treatment": label if epoch is None else f"{label}, epoch {epoch}",
        **{_column(measure): values[name] for measure, values in scores.items()},
        "best": best,
    }


def _column(measure: Measure) -> str:
    return f"{measure.test_set}_{measure.metric}"
