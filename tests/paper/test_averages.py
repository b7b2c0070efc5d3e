"""What the paper says of averages over test sets."""

import pytest

from tests.support.papers import facts_of, prose
from tests.support.results import AVERAGED, LAYOUT, RISING, experiment

SCORES = RISING | {"bm25": 0.4}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return experiment(tmp_path_factory.mktemp("averaged"), SCORES, layout=AVERAGED)


@pytest.fixture(scope="module")
def text(made):
    return prose(facts_of(made))


def test_the_paper_says_what_an_average_is_of_and_its_weights(text):
    assert r"Ranked \& Averaged (Mean over \num{2} Test Sets, Each with the Same Weight," in text
    assert (
        r"Whole (Mean over \num{3} Test Sets, Each with the Same Weight, \num{56} Topics)" in text
    )
    assert r"Ranked \& Averaged is the mean of the scores on pydocs and More, each of which" in text
    assert "Whole is the mean of the scores on pydocs, Given and More, each of which" in text


def test_the_thresholds_of_an_averages_sets_are_said_where_they_differ(text):
    assert r"Count Grades of at Least \num{1} on pydocs and \num{2} on More" in text


def test_the_paper_says_how_averages_are_tested(text):
    for cited in ("davison1997bootstrap", "welch1947generalization", "dror2017replicability"):
        assert cited in text


def test_a_paper_without_averages_tells_of_none(tmp_path):
    plain = prose(facts_of(experiment(tmp_path, SCORES, layout=LAYOUT)))
    assert "Same Weight" not in plain and "davison1997bootstrap" not in plain


def test_authors_may_name_an_average(made):
    facts = facts_of(made)
    for test_set, metric in (("ranked", "map"), ("whole", "ndcg_cut_10")):
        said = facts["value"]("minilm_lion_e1", metric, test_set)
        (measure,) = [c for c in AVERAGED.columns if (c.test_set, c.metric) == (test_set, metric)]
        assert said == f"{made.results.mean(measure, 'minilm_lion_e1'):.4f}"
