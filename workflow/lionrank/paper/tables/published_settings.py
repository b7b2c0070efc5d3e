"""The table of the settings of the published trainings: what each source says of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lionrank.paper.settings import SETTINGS
from lionrank.paper.tables.tabular import Row, Table
from lionrank.published.scores import PublishedScores, training_of
from lionrank.published.settings import PublishedSetting, Statement
from lionrank.published.study import Study

LABELS = SETTINGS | {"steps_an_epoch": "Steps an epoch"}

Said = Mapping[str, Statement]
"""What a source says of a setting, by training; not of all of them."""


def table(settings: Iterable[PublishedSetting], scores: PublishedScores, study: Study) -> Table:
    """Return the settings in which the sources or the trainings differ, a source of one a row.

    `scores` are of the published trainings. Of each, `{training}` is the value, None where there
    is none, and `{training}_is` whether it is said, inferred or not said.
    """
    checkpoints = [name for values in scores.values() for name in values]
    trainings = list(dict.fromkeys(map(training_of, checkpoints)))
    found: dict[str, dict[str, dict[str, Statement]]] = {}
    for each in settings:
        if each.setting in LABELS:
            by_source = found.setdefault(each.setting, {source: {} for source in study.sources})
            for source, said in by_source.items():
                said |= dict.fromkeys(each.matching(trainings), each.said[source])
    rows = [row for key, said in found.items() for row in _rows(key, said, trainings)]
    models: dict[str, list[str]] = {}
    for training in trainings:
        model, optimizer = study.labels(training)
        models.setdefault(model, []).append(optimizer)
    return Table(rows, facts={"models": models, "trainings": trainings})


def _rows(key: str, by_source: Mapping[str, Said], trainings: Sequence[str]) -> Iterator[Row]:
    """Yield a row for each source that says something, none where all of them say the same."""
    given = {
        source: [said for said in by_training.values() if said.gives]
        for source, by_training in by_source.items()
    }
    values = [said.value for sayings in given.values() for said in sayings]
    if all(value == values[0] for value in values):
        return
    for source in filter(given.get, by_source):
        row: dict[str, Any] = {"setting": LABELS[key], "key": key, "source": source}
        for training in trainings:
            said = by_source[source].get(training)
            row[training] = said.value if said and said.gives else None
            row[f"{training}_is"] = _standing(said)
        yield row


def _standing(said: Statement | None) -> str:
    if said is None or not said.gives:
        return "not said"
    return "inferred" if said.inferred else "said"
