"""The means of every system over topics, and over those of several test sets, with intervals."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from lionrank.errors import UserError
from lionrank.evaluation.significance import Draws, interval, mean
from lionrank.grid import BEST, VARIOUS, FirstStage, checkpoint_name, training_of
from lionrank.measures import Averages


@dataclass(frozen=True)
class Columns:
    """What is averaged over the topics of a test set, or of those of an average.

    Attributes:
        labels: a row for each column of `values`, of what it is: system, metric and the like.
        values: a row a topic.
        strata: the numbers of topics of an average's test sets, one after another; else None.
    """

    labels: pd.DataFrame
    values: pd.DataFrame
    strata: list[int] | None = None

    def means(self, settings: Draws) -> pd.DataFrame:
        """Return the labels, `mean`, its bounds `low` and `high`, and `queries`."""
        array = self.values.to_numpy()
        # Of one test set as pandas has it: another order of its sums would be another last digit.
        averaged = (
            self.values.mean().to_numpy() if self.strata is None else mean(array, self.strata)
        )
        low, high = interval(
            array, settings.resamples, settings.confidence, settings.seed, self.strata
        )
        return self.labels.assign(mean=averaged, low=low, high=high, queries=len(array))


def means(
    per_query: pd.DataFrame,
    settings: Draws,
    averages: Averages | None = None,
    first_stages: Mapping[str, FirstStage] | None = None,
) -> pd.DataFrame:
    """Average a tidy per-query table over topics, a row for each combination of its labels.

    The columns are the labels, `mean`, the bounds `low` and `high` of its bootstrap interval over
    topics, and the number of topics, `queries`. All systems of a test set share their resamples.
    The other arguments are those of `columns`.

    Raises:
        UserError: as `columns`.
    """
    found = columns(per_query, averages, first_stages)
    return pd.concat([each.means(settings) for each in found], ignore_index=True)


def columns(
    per_query: pd.DataFrame,
    averages: Averages | None = None,
    first_stages: Mapping[str, FirstStage] | None = None,
) -> Iterator[Columns]:
    """Yield what is averaged: of each test set, then of each of `averages`.

    Of these there are the systems that are on all of its test sets; topics are resampled set by
    set. `first_stages` are those of test sets and averages, by name (`Grid.first_stages`).

    Raises:
        UserError: no system is on all test sets of an average.
    """
    for _, table in per_query.groupby("test_set", sort=False):
        yield _of_test_set(table)
    ranked_by = {name: each.name for name, each in (first_stages or {}).items()}
    for name, levels in (averages or {}).items():
        is_various = ranked_by.get(name) == VARIOUS.name
        own = _as_various(per_query, ranked_by) if is_various else per_query
        yield _of_average(own, name, levels)


def _of_test_set(per_query: pd.DataFrame) -> Columns:
    labels = [column for column in per_query.columns if column not in ("qid", "value")]
    place = per_query.groupby(labels, sort=False, dropna=False).ngroup()
    values = per_query.assign(place=place).pivot(index="qid", columns="place", values="value")
    return Columns(per_query[labels].drop_duplicates(ignore_index=True), values)


def _as_best(per_query: pd.DataFrame) -> pd.DataFrame:
    """Name the chosen epoch of a training as the best where any test set has it so, alone."""
    named = per_query[["system", "epoch"]].drop_duplicates()
    best = {
        checkpoint_name(training, epoch): system
        for system, epoch in named.itertuples(index=False)
        if system == checkpoint_name(training := training_of(system), BEST)
    }
    return per_query.assign(system=per_query["system"].replace(best))


def _as_various(per_query: pd.DataFrame, ranked_by: Mapping[str, str]) -> pd.DataFrame:
    """Name the first stage of each test set as what stands for all of them."""
    is_first = per_query["system"] == per_query["test_set"].map(ranked_by)
    return per_query.assign(system=per_query["system"].mask(is_first, VARIOUS.name))


def _of_average(per_query: pd.DataFrame, name: str, levels: Mapping[str, int]) -> Columns:
    level = per_query["level"]
    is_own = level.isna() | level.eq(per_query["test_set"].map(levels)).fillna(False)
    own = _as_best(per_query[per_query["test_set"].isin(levels) & is_own].reset_index(drop=True))
    no_level = own["level"].where(own["level"].isna())
    labelled = own.assign(test_set=name, level=no_level)
    labels = [column for column in own.columns if column not in ("qid", "value")]
    own["place"] = labelled.groupby(labels, sort=False, dropna=False).ngroup()
    is_on_all = own.groupby("place")["test_set"].nunique() == len(levels)
    places = is_on_all.index[is_on_all]
    if places.empty:
        raise UserError(
            f"averages.{name}: no system has results on all of {', '.join(levels)}: give run files "
            "of one on each, or leave those out that have none."
        )
    values = own[own["place"].isin(places)].pivot(
        index=["test_set", "qid"], columns="place", values="value"
    )
    of_places = labelled[labels].drop_duplicates(ignore_index=True).loc[places]
    strata = [len(values.loc[[test_set]]) for test_set in levels]
    return Columns(of_places.reset_index(drop=True), values.loc[[*levels]], strata)
