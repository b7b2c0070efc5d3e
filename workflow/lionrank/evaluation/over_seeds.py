"""The means of trainings over their seeds, after each epoch and at those that each seed chose."""

import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from lionrank.evaluation.means import Columns, columns
from lionrank.evaluation.significance import Draws, mean
from lionrank.grid import BEST, FirstStage, checkpoint_name, training_name
from lionrank.measures import Averages


def over_seeds(
    per_query: pd.DataFrame,
    chosen: Mapping[str, int],
    settings: Draws,
    averages: Averages | None = None,
    first_stages: Mapping[str, FirstStage] | None = None,
) -> pd.DataFrame:
    """Average a tidy per-query table over seeds and topics.

    The rows are those of `means.means` with all seeds of a checkpoint in one, which has the
    name of the first seed's, and one more for each training, named as its best, of the epochs that
    each seed chose. Its interval is over topics, of the mean over seeds of each. What was not
    trained has no seeds and is as it is.

    Beside the columns of `means.means`, `by_seed` has the mean of each seed, in their order and
    with `;` between them, and `sd` their standard deviation (of a sample). An epoch that a seed did
    not have is left out: its mean would be of other seeds than that of the next one.

    Args:
        per_query: the values of every checkpoint of every seed.
        chosen: the epoch that development data chose, by the name of each seed's training.
        settings: how intervals are drawn.
        averages: as of `means.means`.
        first_stages: as of `means.means`.
    """
    found = columns(per_query, averages, first_stages)
    tables = [_averaged(each, chosen, settings) for each in found]
    return pd.concat(tables, ignore_index=True)


def _averaged(found: Columns, chosen: Mapping[str, int], settings: Draws) -> pd.DataFrame:
    systems, epochs, places = zip(*_together(found.labels, chosen), strict=True)
    values = found.values.to_numpy()
    together = [values[:, place].mean(axis=1) for place in places]
    labels = found.labels.iloc[[first for first, *_ in places]].drop(columns="seed")
    labels = labels.assign(system=systems, epoch=pd.array(epochs, dtype="Int64"))
    table = replace(
        found,
        labels=labels.reset_index(drop=True),
        values=pd.DataFrame(np.stack(together, axis=1)),
    ).means(settings)
    of_each = mean(values, found.strata)
    is_trained = found.labels["seed"].notna()
    by_seed = [of_each[place] if is_trained[place[0]] else np.array([]) for place in places]
    return table.assign(
        sd=[each.std(ddof=1) if len(each) > 1 else math.nan for each in by_seed],
        by_seed=[";".join(map(repr, each.tolist())) for each in by_seed],
    )


def _together(
    labels: pd.DataFrame, chosen: Mapping[str, int]
) -> Iterator[tuple[str, int | None, list[int]]]:
    """Yield system and epoch of what is averaged, and the places of its columns, seed by seed."""
    others = [name for name in labels.columns if name not in ("system", "epoch", "seed")]
    seeds = labels["seed"].nunique()
    groups: dict[tuple[str, Any, Hashable], list[int]] = {}
    for place, row in enumerate(labels.to_dict("records")):
        measured = tuple(None if pd.isna(row[name]) else row[name] for name in others)
        if pd.isna(row["seed"]):
            yield row["system"], None if pd.isna(row["epoch"]) else row["epoch"], [place]
            continue
        of_seed, _, after = row["system"].rpartition("_")
        training = training_name(row["model"], row["optimizer"])
        if after != BEST:
            groups.setdefault((training, row["epoch"], measured), []).append(place)
        if after == BEST or row["epoch"] == chosen[of_seed]:
            groups.setdefault((training, BEST, measured), []).append(place)
    for (training, epoch, _), places in groups.items():
        if len(places) == seeds:
            yield checkpoint_name(training, epoch), None if epoch == BEST else epoch, places
