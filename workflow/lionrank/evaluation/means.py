"""The mean of every measure over the topics of a test set, with its bootstrap interval."""

import pandas as pd

from lionrank.evaluation.significance import Settings, interval


def means(per_query: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Average a tidy per-query table over topics, a row for each combination of its labels.

    The columns are the labels, `mean`, the bounds `low` and `high` of its bootstrap interval over
    topics, and the number of topics, `queries`. All systems of a test set share their resamples.
    """
    by_test_set = per_query.groupby("test_set", sort=False)
    return pd.concat([_of_test_set(table, settings) for _, table in by_test_set], ignore_index=True)


def _of_test_set(per_query: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    labels = [column for column in per_query.columns if column not in ("qid", "value")]
    place = per_query.groupby(labels, sort=False, dropna=False).ngroup()
    values = per_query.assign(place=place).pivot(index="qid", columns="place", values="value")
    low, high = interval(values.to_numpy(), settings.resamples, settings.confidence, settings.seed)
    return (
        per_query[labels]
        .drop_duplicates(ignore_index=True)
        .assign(mean=values.mean().to_numpy(), low=low, high=high, queries=len(values))
    )
