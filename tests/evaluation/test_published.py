"""The published per-query values go through the code that tests our own."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from lionrank.evaluation import published
from lionrank.evaluation.means import means
from lionrank.evaluation.significance import Draws
from lionrank.published.per_query import LABELS
from tests.support.published_as_measured import STUDY
from tests.support.published_topics import TOPICS, compared_of, made_up

DRAWS = Draws(permutations=20_000, resamples=2_000)


@pytest.fixture(scope="module")
def compared():
    return compared_of(TOPICS, DRAWS)


def values(checkpoint, metric):
    """Return the published values of a checkpoint, in the order of the topics."""
    found = {row.qid: row.values[metric] for row in TOPICS if row.checkpoint == checkpoint}
    return np.array([found[qid] for qid in sorted(found)])


def sides(contrast):
    return [
        values(f"{contrast[side]['training']}_e{contrast[side]['epoch']}", contrast["metric"])
        for side in ("left", "right")
    ]


def test_the_table_has_every_value_in_the_form_of_ours():
    table = published.table(TOPICS, STUDY)
    assert len(table) == len(TOPICS) * len(LABELS) == 12 * 43 * 6
    assert table["seed"].isna().all()
    row = table[(table["system"] == "gte_lion_e2") & (table["metric"] == "bpref")].iloc[0]
    (there,) = [t for t in TOPICS if (t.checkpoint, t.qid) == ("gte_lion_e2", row["qid"])]
    assert row["value"] == there.values["bpref"]
    assert (row["test_set"], row["level"], row["epoch"]) == ("dl19", 1, 2)
    averaged = means(table, DRAWS)
    assert len(averaged) == 12 * 6
    assert averaged["mean"].between(averaged["low"], averaged["high"]).all()


def test_each_family_has_its_contrasts_on_each_measure(compared):
    families = Counter((each["family"], each["metric"]) for each in compared["contrasts"])
    sizes = {"optimizers_by_epoch": 6, "models_by_epoch": 6, "epochs": 12}
    assert families == {(f, m): size for f, size in sizes.items() for m in LABELS}
    assert compared["queries"] == 43
    pairs = {
        (each["family"], each["left"]["training"], each["right"]["training"])
        for each in compared["contrasts"]
    }
    assert ("optimizers_by_epoch", "gte_lion", "gte_adamw") in pairs
    assert ("models_by_epoch", "gte_lion", "minilm_lion") in pairs
    assert ("epochs", "minilm_lion", "minilm_lion") in pairs
    epochs = {
        (each["left"]["epoch"], each["right"]["epoch"])
        for each in compared["contrasts"]
        if each["family"] == "epochs"
    }
    assert epochs == {(2, 1), (3, 1), (3, 2)}


def test_a_contrast_is_what_the_values_and_scipy_say_of_it(compared):
    for contrast in compared["contrasts"]:
        left, right = sides(contrast)
        assert contrast["left_mean"] == pytest.approx(left.mean())
        assert contrast["difference"] == pytest.approx((left - right).mean())
        assert contrast["p_t"] == pytest.approx(stats.ttest_rel(left, right).pvalue)


@pytest.mark.parametrize("family", published.FAMILIES)
def test_the_randomization_test_agrees_with_scipys(compared, family):
    contrast = next(
        e for e in compared["contrasts"] if (e["family"], e["metric"]) == (family, "map")
    )
    scipys = stats.permutation_test(
        sides(contrast),
        lambda left, right, axis: (left - right).mean(axis=axis),
        permutation_type="samples",
        n_resamples=20_000,
        rng=np.random.default_rng(1),
    ).pvalue
    spread = np.sqrt(2 * scipys * (1 - scipys) / 20_000)
    assert contrast["p_randomization"] == pytest.approx(scipys, abs=5 * spread + 1e-4)


@pytest.mark.parametrize(("apart", "significant"), [(0.01, "all"), (0.0, "none")])
def test_what_is_apart_is_significant_and_what_is_alike_is_not(apart, significant):
    compared = compared_of(made_up(apart))
    found = [each["p_holm"] < 0.05 for each in compared["contrasts"]]
    assert all(found) if significant == "all" else not any(found), sum(found)
