"""What an experiment compares and reports on."""

from lionrank.config.check import check
from lionrank.config.evaluation import (
    compared_measures,
    left_out_averages,
    levels_of_averages,
    paper_columns,
    paper_level,
    relevance_levels,
    reported,
)
from tests.support.configs import SCHEMA, SOURCES, changed, overlaid


def test_columns_and_measures_are_those_of_the_grid():
    config = changed("grid.test_sets", ["dl20", "marco_qa_dev", "marco_dev"])
    config["paper"]["columns"] = config["paper"]["columns"][:1]  # of dl19
    assert paper_columns(config) == [
        {
            "test_set": "dl20",
            "metrics": ["ndcg_cut_10", "map", "recip_rank_10", "recall_10", "Rprec", "P_10"],
        }
    ]
    assert compared_measures(config) == [
        {"test_set": "dl20", "metric": "ndcg_cut_10", "level": None},
        {"test_set": "marco_qa_dev", "metric": "recip_rank_10", "level": 1},
    ]
    assert reported(config) == ["dl20", "marco_qa_dev"]
    config["grid"]["test_sets"] = ["pydocs"]
    assert compared_measures(config) == [
        {"test_set": "pydocs", "metric": "ndcg_cut_10", "level": None}
    ]


AVERAGED = """
grid: {test_sets: [dl19, dl20, marco_dev, marco_qa_dev]}
evaluation: {relevance_level: 2}
averages:
  passages: {label: Passages, test_sets: [dl20, marco_dev]}
  with_pydocs: {label: All, test_sets: [dl19, pydocs, marco_dev]}
paper:
  columns:
    - {test_set: with_pydocs, metrics: [map]}
    - {test_set: passages, metrics: [map]}
comparisons:
  measures:
    - {test_set: passages, metric: ndcg_cut_10}
    - {test_set: passages, metric: map}
    - {test_set: with_pydocs, metric: map}
"""


def test_an_average_is_reported_with_its_test_sets_and_has_the_level_of_each():
    config = overlaid(AVERAGED)
    check(config, SCHEMA, SOURCES)
    assert levels_of_averages(config) == {"passages": {"dl20": 2, "marco_dev": 1}}
    assert paper_columns(config) == [{"test_set": "passages", "metrics": ["map"]}]
    assert compared_measures(config) == [
        {"test_set": "passages", "metric": "ndcg_cut_10", "level": None},
        {"test_set": "passages", "metric": "map", "level": None},
    ]
    assert reported(config) == ["dl19", "dl20", "marco_dev"]


def test_an_average_that_has_test_sets_outside_the_grid_is_left_out_with_their_names():
    config = overlaid(AVERAGED)
    assert left_out_averages(config) == {"with_pydocs": ["pydocs"]}
    config["grid"]["test_sets"].append("pydocs")
    assert left_out_averages(config) == {}
    assert levels_of_averages(config)["with_pydocs"] == {"dl19": 2, "pydocs": 2, "marco_dev": 1}


def test_the_papers_level_is_the_configs_where_a_test_set_has_several():
    config = changed("evaluation.relevance_level", 2)
    check(config, SCHEMA, SOURCES)
    assert paper_level(config, "dl19") == 2
    assert paper_level(config, "marco_dev") == 1
    assert relevance_levels(config, "dl19") == [1, 2]
    assert relevance_levels(config, "marco_dev") == [1]
