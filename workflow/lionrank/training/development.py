"""How a training does on development data, epoch by epoch: which epoch is best, when to stop."""

import os
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from statistics import mean
from typing import Any, NotRequired, TypedDict

from lionrank.errors import UserError
from lionrank.files import read_json
from lionrank.training.checkpoints import Ending


class EpochScores(TypedDict):
    """The scores at the end of one epoch, which counts from 1.

    `eval_loss` is None where no pairs are held out, `mean_ndcg_cut_10` where there is no dev set.
    A trial of a search that has ended in the epoch or before it has an `ending`, and no scores.
    """

    epoch: int
    eval_loss: float | None
    ndcg_cut_10: dict[str, float]
    mean_ndcg_cut_10: float | None
    ending: NotRequired[Ending]


def scores(epoch: int, eval_loss: float | None, ndcg: Mapping[str, float]) -> EpochScores:
    """Return the scores of an epoch; `ndcg` is nDCG@10 by dev set."""
    return {
        "epoch": epoch,
        "eval_loss": eval_loss,
        "ndcg_cut_10": dict(ndcg),
        "mean_ndcg_cut_10": mean(ndcg.values()) if ndcg else None,
    }


def no_scores(epoch: int, ending: Ending) -> EpochScores:
    """Return what there is instead of the scores of an epoch that a trial did not come to."""
    return {**scores(epoch, None, {}), "ending": ending}


def read(paths: Iterable[str | os.PathLike]) -> list[EpochScores]:
    """Return the scores in the files of some epochs, in their order.

    Raises:
        UserError: a file is damaged.
    """
    return [_of_epoch(read_json(path)) for path in paths]


def _of_epoch(told: Mapping[str, Any]) -> EpochScores:
    found: EpochScores = {
        "epoch": told["epoch"],
        "eval_loss": told["eval_loss"],
        "ndcg_cut_10": told["ndcg_cut_10"],
        "mean_ndcg_cut_10": told["mean_ndcg_cut_10"],
    }
    return {**found, "ending": told["ending"]} if "ending" in told else found


def best(epochs: Sequence[EpochScores]) -> EpochScores:
    """Return the scores of the best epoch, the earliest of several that are level.

    The best has the highest mean nDCG@10 over the dev sets or, without one, the lowest loss on
    held-out data.

    Raises:
        UserError: there is neither.
    """
    # Both functions return the first of several that are level.
    if scored := [epoch for epoch in epochs if epoch["mean_ndcg_cut_10"] is not None]:
        return max(scored, key=itemgetter("mean_ndcg_cut_10"))
    if scored := [epoch for epoch in epochs if epoch["eval_loss"] is not None]:
        return min(scored, key=itemgetter("eval_loss"))
    raise UserError(
        "there are no development scores to choose an epoch by: name dev sets in grid.dev_sets, or "
        "hold some of the training data out (held_out in the config), and train again."
    )


def chosen(best: Iterable[str | os.PathLike]) -> dict[str, int]:
    """Return the best epoch of each training, as its file `{training}.best.json` has it.

    Raises:
        UserError: a file is damaged.
    """
    return {training: told["epoch"] for training, told in _by_training(best).items()}


def last_epochs(best: Iterable[str | os.PathLike]) -> dict[str, int]:
    """Return the last epoch that each training was trained for, from the same files.

    Raises:
        UserError: a file is damaged.
    """
    return {training: epochs[-1]["epoch"] for training, epochs in histories(best).items()}


def histories(best: Iterable[str | os.PathLike]) -> dict[str, list[EpochScores]]:
    """Return the scores that the best epoch of each training was chosen by, from the same files.

    Raises:
        UserError: a file is damaged.
    """
    return {
        training: [_of_epoch(epoch) for epoch in told["epochs"]]
        for training, told in _by_training(best).items()
    }


def _by_training(best: Iterable[str | os.PathLike]) -> dict[str, dict[str, Any]]:
    paths = [Path(path) for path in best]
    return {path.name.removesuffix(".best.json"): read_json(path) for path in paths}


def stopped_after(epochs: Sequence[EpochScores], patience: int | None) -> int | None:
    """Return the epoch after which a training is over, None where it goes on.

    That is the first at which `patience` epochs have not been better than the best.

    Raises:
        UserError: there are no development scores to tell by.
    """
    if patience is None:
        return None
    for number, scored in enumerate(epochs, start=1):
        if scored["epoch"] - best(epochs[:number])["epoch"] >= patience:
            return scored["epoch"]
    return None


def trained(epochs: Sequence[EpochScores], patience: int | None) -> list[EpochScores]:
    """Return the epochs of a training that it comes to with this patience.

    Raises:
        UserError: as `stopped_after`.
    """
    last = stopped_after(epochs, patience)
    return [each for each in epochs if last is None or each["epoch"] <= last]
