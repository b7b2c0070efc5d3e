"""What an experiment compares and reports on, and what its model cards say."""

import pytest

from lionrank.config.check import check
from lionrank.config.experiment import (
    compared_measures,
    corpus_files,
    corpus_settings,
    left_out_averages,
    levels_of_averages,
    model_card_facts,
    paper_columns,
    paper_level,
    relevance_levels,
    removes_query,
    reported,
    title,
    topic_files,
    topics_settings,
)
from tests.support.configs import CONFIG, SCHEMA, SOURCES, changed, overlaid


@pytest.mark.parametrize(
    ("models", "optimizers", "made"),
    [
        (["gte"], ["lion"], "Lion for cross-encoder reranking: GTE"),
        (
            ["gte", "minilm"],
            ["adamw", "lion"],
            "AdamW versus Lion for cross-encoder reranking: GTE and MiniLM",
        ),
        (
            ["minilm", "gte", "modernbert"],
            ["adamw", "lion", "sgd"],
            "AdamW, Lion and SGD for cross-encoder reranking: MiniLM, GTE and ModernBERT",
        ),
    ],
)
def test_without_a_title_a_paper_has_one_made_of_its_grid(models, optimizers, made):
    config = changed("paper.title", None)
    config["optimizers"]["sgd"] = {"label": "SGD", "class": "torch.optim.SGD", "arguments": {}}
    config["grid"] |= {"models": models, "optimizers": optimizers}
    check(config, SCHEMA, SOURCES)
    assert title(config) == made
    config["paper"]["title"] = "Mine"
    assert title(config) == "Mine"


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


def test_a_model_card_names_the_source_and_the_labels():
    assert model_card_facts(CONFIG, "gte", "lion", SOURCES) == {
        "label": "GTE",
        "pretrained": {
            "source": "gte",
            "repository": "Alibaba-NLP/gte-multilingual-base",
            "licence": "Apache-2.0",
        },
        "collection": "msmarco",
        "dev_labels": {
            "nano_msmarco": "NanoMSMARCO",
            "nano_nfcorpus": "NanoNFCorpus",
            "nano_nq": "NanoNQ",
        },
        "dev_first_stages": {"BM25": ["NanoMSMARCO", "NanoNFCorpus", "NanoNQ"]},
    }


def test_a_model_card_names_the_first_stage_of_each_dev_set():
    overlay = """
    first_stages: {splade: {label: SPLADE++, run_files: {nano_nq: nq.trec}}}
    dev_sets: {nano_nq: {first_stage: splade}}
    """
    assert model_card_facts(overlaid(overlay), "gte", "lion", SOURCES)["dev_first_stages"] == {
        "BM25": ["NanoMSMARCO", "NanoNFCorpus"],
        "SPLADE++": ["NanoNQ"],
    }


@pytest.mark.parametrize(
    ("pretrained", "told"), [("package:a/b", "package:a/b"), (None, "a random start")]
)
def test_a_model_card_says_where_else_a_model_starts(pretrained, told):
    config = changed("models.gte.pretrained", pretrained)
    assert model_card_facts(config, "gte", "lion", SOURCES)["pretrained"] == told


@pytest.mark.parametrize(
    ("collection", "corpus", "topics"),
    [
        (
            {"format": "beir", "folder": "mine"},
            ["mine/corpus.jsonl"],
            ["mine/queries.jsonl", "mine/qrels/test.tsv"],
        ),
        (
            {"format": "anserini", "corpus": "c", "topics": {"test": "t"}, "qrels": {"test": "q"}},
            ["c"],
            ["t", "q"],
        ),
        (
            {"format": "nanobeir", "source": "nano_nq"},
            ["sources/nano_nq"],
            ["sources/nano_nq"],
        ),
        ({"format": "ir_datasets", "corpus": "vaswani", "ids": {}}, [], []),
        (
            {"format": "lotte", "folder": "mine", "domain": "writing", "split": "dev"},
            ["mine/writing/dev/collection.tsv"],
            ["mine/writing/dev/questions.test.tsv", "mine/writing/dev/qas.test.jsonl"],
        ),
        (
            {"format": "lotte", "source": "lotte", "domain": "writing", "split": "dev"},
            ["collections/unpacked/lotte/writing/dev/collection.tsv"],
            [
                "collections/unpacked/lotte/writing/dev/questions.test.tsv",
                "collections/unpacked/lotte/writing/dev/qas.test.jsonl",
            ],
        ),
    ],
)
def test_a_collection_is_imported_from_the_users_files_or_from_its_source(
    collection, corpus, topics
):
    assert corpus_files(collection) == corpus
    assert topic_files(collection, "test") == topics


def test_packed_files_of_a_beir_folder_are_those_that_are_imported(tmp_path):
    collection = {"format": "beir", "folder": str(tmp_path)}
    (tmp_path / "qrels").mkdir()
    for name in ("corpus.jsonl.gz", "queries.jsonl", "queries.jsonl.gz", "qrels/test.tsv.zst"):
        (tmp_path / name).touch()
    assert corpus_files(collection) == [f"{tmp_path}/corpus.jsonl.gz"]
    assert topic_files(collection, "test") == [
        f"{tmp_path}/queries.jsonl",
        f"{tmp_path}/qrels/test.tsv.zst",
    ]


def test_only_of_beir_the_query_itself_is_left_out_unless_the_config_says_so():
    config = changed(
        "collections",
        {
            "own": {"format": "beir", "folder": "own"},
            "facts": {"format": "beir", "folder": "facts", "remove_query": False},
            "arguments": {"format": "nanobeir", "source": "nano_nq", "remove_query": True},
            "nano": {"format": "nanobeir", "source": "nano_nq"},
        },
    )
    removing = {name: removes_query(config, name) for name in config["collections"]}
    assert removing == {"own": True, "facts": False, "arguments": True, "nano": False}
    for entry in config["collections"].values():
        plain = {key: value for key, value in entry.items() if key != "remove_query"}
        assert corpus_settings(entry) == topics_settings(entry, "test") == plain
