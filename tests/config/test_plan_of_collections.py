"""Which collections are used, and of what files they are made."""

from lionrank.config.plan import Plan
from tests.support.configs import ROOT, changed
from tests.support.plans import PLAN


def test_topics_are_imported_for_the_thresholds_that_the_grid_evaluates_them_at(small):
    assert PLAN.collections.relevance_levels("msmarco", "dl19") == [1, 2]
    assert PLAN.collections.relevance_levels("msmarco", "train") == [1]
    assert small.collections.relevance_levels("marco_qa", "validation") == [1]
    assert small.collections.relevance_levels("msmarco", "dl19") == [1]  # no test set of that grid


def test_the_topics_are_those_that_any_judged_set_of_the_config_names():
    config = changed("dev_sets.mine", {"label": "x", "collection": "mine", "topics": "tuning"})
    config["collections"]["mine"] = {"format": "beir", "folder": "mine"}
    assert {"train", "dev", "test", "dl19", "validation", "tuning"} < {
        *Plan.read(config, ROOT).collections.topics
    }


def test_passages_are_where_the_grid_needs_them_anyway(small):
    assert small.collections.used() == ["msmarco", "nano_nq"]
    assert small.collections.corpora() == ["collections/msmarco/corpus", "sources/nano_nq"]
    assert [each.name for each in small.collections.test_sets("msmarco")] == ["dl20"]
    assert small.collections.track_file("msmarco", "dl20", "qrels") == "sources/dl20_qrels"
