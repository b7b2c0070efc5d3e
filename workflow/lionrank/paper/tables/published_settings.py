"""The table of the settings of the published trainings, by who says what of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from lionrank.paper.settings import SETTINGS
from lionrank.paper.tables.tabular import Table
from lionrank.published.scores import PRINTED, PublishedScores
from lionrank.published.settings import PublishedSetting, Statement

LABELS = SETTINGS | {"steps_an_epoch": "Steps an epoch"}


def table(rows: Iterable[PublishedSetting], scores: PublishedScores) -> Table:
    """Return the settings in which the sources or the trainings differ, as rows of the trainings.

    `scores` are of the published trainings. Of a source, `{source}` is the value, and `{source}_is`
    whether it is said, inferred or not said.
    """
    checkpoints = [name for values in scores.values() for name in values]
    trainings = list(dict.fromkeys(name.rpartition("_e")[0] for name in checkpoints))
    known = [row for row in rows if row.setting in LABELS and row.matching(trainings)]
    values: dict[str, list[Any]] = {}
    for row in known:
        values.setdefault(row.setting, []).extend(said.value for said in _given(row))
    return Table(
        [
            {
                "setting": LABELS[row.setting],
                "key": row.setting,
                "trainings": _described(row.matching(trainings), trainings),
                **{source: said.value if said.gives else None for source, said in row.said.items()},
                **{f"{source}_is": _standing(said) for source, said in row.said.items()},
            }
            for row in known
            if any(value != values[row.setting][0] for value in values[row.setting])
        ]
    )


def _given(row: PublishedSetting) -> list[Statement]:
    return [said for said in row.said.values() if said.gives]


def _standing(said: Statement) -> str:
    if not said.gives:
        return "not said"
    return "inferred" if said.inferred else "said"


def _described(names: Sequence[str], trainings: Sequence[str]) -> list[str]:
    """Return trainings as the paper prints them, those of a model together where all are meant."""
    if len(names) == len(trainings):
        return ["all"]
    described = []
    for model in dict.fromkeys(name.split("_")[0] for name in names):
        own = [name for name in names if name.startswith(f"{model}_")]
        whole = len(own) == len([name for name in trainings if name.startswith(f"{model}_")])
        described += [PRINTED[model]] if whole else [_printed(name) for name in own]
    return described


def _printed(training: str) -> str:
    return " with ".join(PRINTED[part] for part in training.split("_"))
