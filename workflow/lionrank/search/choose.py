"""How a search chooses: the trial with the best score on development data."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lionrank.errors import UserError
from lionrank.grid import training_name
from lionrank.search.choice import Choice, Status, Trial
from lionrank.search.scores import means
from lionrank.training.development import EpochScores

_FEWEST = 3
"""Values of a list that has something between its ends."""


def choose(
    *,
    model: str,
    optimizer: str,
    dev_sets: Sequence[str],
    budget: Mapping[str, Any],
    space: Mapping[str, Any],
    points: Mapping[str, Mapping[str, Any]],
    untuned: str,
    epochs: Mapping[str, Sequence[EpochScores]],
) -> Choice:
    """Choose the trial with the best score, the first one of several that are level.

    Args:
        model: a key of the config, as is `optimizer`, of `treatments` or `optimizers`.
        dev_sets: whose mean nDCG@10 the scores are.
        budget: as `Choice` has it, and `space`.
        points: the settings of every trial, those that may be chosen first.
        untuned: the trial of the config's own settings, which may be one of these.
        epochs: what is known of every trial's epochs.

    Raises:
        UserError: all trials that may be chosen have diverged.
    """
    scores = means(epochs)
    trials = [
        _trial(name, point, scores[name], _status(epochs[name])) for name, point in points.items()
    ]
    of_space = trials[: budget["trials"]]
    best = max(of_space, key=_score)
    if best.score is None:
        name = training_name(model, optimizer)
        raise UserError(
            f"all {len(of_space)} trials of {name} diverged: see their logs in training/search/, "
            f"and give search.spaces.{optimizer} lower learning rates, or a longer warm-up."
        )
    return Choice(
        model=model,
        optimizer=optimizer,
        dev_sets=tuple(dev_sets),
        budget=budget,
        space=space,
        chosen=best.trial,
        untuned=untuned,
        edges=edges(space, [each.settings for each in of_space], best.settings),
        trials=tuple(trials),
    )


def edges(
    space: Mapping[str, Any], points: Iterable[Mapping[str, Any]], chosen: Mapping[str, Any]
) -> dict[str, str]:
    """Return the searched numbers whose chosen value is the lowest or highest tried: low or high.

    A better one may lie beyond it. Of a list of two values, this says nothing.
    """
    tried = [*points]
    found = {}
    for key, values in space.items():
        drawn = {point[key] for point in tried if _is_number(point[key])}
        if len(drawn) < (_FEWEST if isinstance(values, list) else 2):
            continue
        if chosen[key] == min(drawn):
            found[key] = "low"
        elif chosen[key] == max(drawn):
            found[key] = "high"
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _status(epochs: Iterable[EpochScores]) -> Status:
    endings = [each["ending"] for each in epochs if "ending" in each]
    return endings[0] if endings else "complete"


def _trial(
    name: str, point: Mapping[str, Any], scores: Sequence[float | None], status: Status
) -> Trial:
    """Return a trial; one that diverged after a good epoch has no score, as it would again."""
    best = max((each for each in scores if each is not None), default=None)
    return Trial(name, point, tuple(scores), None if status == "diverged" else best, status)


def _score(trial: Trial) -> float:
    return -math.inf if trial.score is None else trial.score
