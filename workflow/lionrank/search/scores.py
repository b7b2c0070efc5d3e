"""The development scores of a search's trials."""

import os
from collections.abc import Iterable, Mapping, Sequence

from lionrank.training import development
from lionrank.training.development import EpochScores


def by_trial(
    paths: Sequence[str | os.PathLike], trials: Iterable[str]
) -> dict[str, list[EpochScores]]:
    """Return the scores of each trial's epochs, of files in the order of trials and then epochs.

    Raises:
        UserError: a file is damaged.
    """
    names = [*trials]
    read = development.read(paths)
    epochs = len(read) // len(names)
    return {name: read[place * epochs :][:epochs] for place, name in enumerate(names)}


def means(trials: Mapping[str, Iterable[EpochScores]]) -> dict[str, list[float | None]]:
    """Return the mean nDCG@10 over the dev sets of each trial's epochs, None where it has none."""
    return {name: [each["mean_ndcg_cut_10"] for each in of] for name, of in trials.items()}
