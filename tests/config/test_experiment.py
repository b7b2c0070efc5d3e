"""The title of a paper, and what its model cards say."""

import pytest

from lionrank.config.check import check
from lionrank.config.experiment import model_card_facts, title
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
