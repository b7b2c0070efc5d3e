"""The tables of the search for settings: spaces, choices, and all trials."""

import json
from collections.abc import Sequence
from typing import Any

from lionrank.paper.search import LABELS, Search, Searched, by_treatment
from lionrank.paper.tables.pages import TEXTS, panels
from lionrank.paper.tables.tabular import Table
from lionrank.search.budget import area
from lionrank.search.choice import Trial


def spaces(search: Search) -> Table:
    """Return what was searched of each setting, a training a row.

    The LaTeX has them by space, in `panels` of columns that name the treatments, with their models
    where not all share the space.
    """
    rows = [
        {"model": each.training.labels[0], "optimizer": each.training.labels[1]}
        | {key: _plain(each.choice.space.get(key)) for key in search.keys}
        for each in search.searched
    ]
    columns = [
        {"head": _head(those, search), "space": those[0].choice.space}
        for those in _by_space(search.searched)
    ]
    facts = {
        "panels": panels([[column] for column in columns], most=TEXTS),
        "keys": search.keys,
        "labels": LABELS,
    }
    return Table(rows, facts=facts)


def _plain(values: Any) -> str:
    """Return what is searched of a setting as the CSV has it: as JSON, nothing as nothing."""
    return "" if values is None else json.dumps(values)


def _by_space(searched: Sequence[Searched]) -> list[list[Searched]]:
    found: dict[str, list[Searched]] = {}
    for each in searched:
        space = json.dumps(each.choice.space, sort_keys=True)
        found.setdefault(space, []).append(each)
    return [*found.values()]


def _head(those: Sequence[Searched], search: Search) -> list[tuple[str, list[str]]]:
    """Return the treatments that have a space, each with its models unless all of its have it."""
    everywhere = by_treatment(search.searched)
    return [
        (treatment, [] if models == everywhere[treatment] else models)
        for treatment, models in by_treatment(those).items()
    ]


def choices(search: Search) -> Table:
    """Return what was chosen for each training, and how it scores beside the untuned settings.

    A training is a row: its trials, with how many of them diverged or were stopped; the chosen
    value of each setting; `edges` with those that are the lowest or highest value that was tried;
    the scores; the area under the curve of expected best scores (`lionrank.search.budget`).
    """
    rows = [
        {
            "model": each.training.labels[0],
            "optimizer": each.training.labels[1],
            "trials": each.choice.budget["trials"],
            "stopped": each.ended("stopped"),
            "diverged": each.ended("diverged"),
            **{key: each.chosen.settings.get(key) for key in search.keys},
            "edges": [f"{key} {side}" for key, side in each.choice.edges.items()],
            "score": each.chosen.score,
            "untuned": each.untuned.score,
            "difference": each.difference,
            "area": area(trial.score for trial in each.choice.of_space),
        }
        for each in search.searched
    ]
    seen = [status for status in ("stopped", "diverged") if search.ended(status)]
    return Table(rows, facts={"keys": search.keys, "labels": LABELS, "seen": seen})


def trials(search: Search) -> Table:
    """Return all trials of each training, the best first.

    `epoch` is the one with the best score, `note` says which trial was chosen, has the untuned
    settings, was stopped or diverged.
    """
    rows = [
        {
            "model": each.training.labels[0],
            "optimizer": each.training.labels[1],
            "trial": trial.trial,
            **{key: trial.settings.get(key) for key in search.keys},
            "score": trial.score,
            "epoch": None if trial.score is None else [*trial.scores].index(trial.score) + 1,
            "notes": _notes(each, trial),
        }
        for each in search.searched
        for trial in each.trials
    ]
    facts = {"keys": search.keys, "labels": LABELS, "epochs": search.budget["epochs"]}
    return Table(rows, facts=facts)


def _notes(searched: Searched, trial: Trial) -> list[str]:
    named = {"chosen": searched.choice.chosen, "untuned": searched.choice.untuned}
    notes = [note for note, name in named.items() if name == trial.trial]
    return notes + ([] if trial.status == "complete" else [trial.status])
