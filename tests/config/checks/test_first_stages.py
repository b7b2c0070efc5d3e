"""What a config may say of first stages, and what is refused in one line."""

import pytest

from lionrank.config.plan import Plan
from lionrank.errors import UserError
from tests.support.configs import ROOT, overlaid

SEVERAL = """
first_stages:
  splade: {label: SPLADE++, run_files: {dl19: runs/dl19.trec, pydocs_dev: dev.trec.gz}}
  dense: {label: all-MiniLM-L6, bi_encoder: ./minilm}
test_sets:
  dl19: {first_stage: splade}
  dl19_dense: {label: D, collection: msmarco, topics: dl19, first_stage: dense}
  dl19_bm25: {label: B, collection: msmarco, topics: dl19, depth: 100}
  dl19_again: {label: S, collection: msmarco, topics: dl19, first_stage: splade}
grid: {test_sets: [dl19, dl19_dense, dl19_bm25, dl20]}
"""


def test_one_set_of_topics_may_have_several_first_stages():
    Plan.read(overlaid(SEVERAL), ROOT)


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("first_stages: {bm25: {label: B, bi_encoder: ./b}}", "first_stages.bm25: 'bm25' is the"),
        ("first_stages: {candidates: {label: C, bi_encoder: ./b}}", "the name of other files"),
        ("first_stages: {first_stage: {label: C, bi_encoder: ./b}}", "is what tables call several"),
        (
            "first_stages: {dense: {label: First stage}}",
            "is the label of first stages that differ",
        ),
        ("first_stages: {minilm: {label: C, bi_encoder: ./b}}", "'minilm' is the name of a model"),
        ("first_stages: {dl19: {label: C, bi_encoder: ./b}}", "'dl19' is the name of a test set"),
        ("first_stages: {gte_lion: {label: C, bi_encoder: ./b}}", "is the name of a training"),
        ("first_stages: {splade_e1: {label: C, bi_encoder: ./b}}", "the form of a training's"),
        (
            "{first_stages: {bi: {label: C, bi_encoder: ./b}}, "
            "teachers: {bi: {label: D, bi_encoder: ./b}}}",
            "first_stages.bi: 'bi' is the name of a teacher",
        ),
        ("first_stages: {none: {label: None at all}}", "none: set one of run_files, bi_encoder"),
        ("first_stages: {splade: {bi_encoder: ./b}}", "splade: set one of run_files, bi_encoder"),
        ("first_stages: {dense: {label: BM25}}", "dense.label: 'BM25' is the label of the first"),
        ("first_stages: {dense: {label: GTE}}", "models.gte.label: 'GTE' is the label of first_st"),
        (
            "first_stages: {splade: {run_files: {dl91: a.trec}}}",
            "splade.run_files: unknown 'dl91'; did you mean 'dl19'?",
        ),
        (
            "first_stages: {dense: {bi_encoder: minilmm}}",
            "dense.bi_encoder, which may be a path with a /: unknown 'minilmm'; did you mean 'mini",
        ),
        (
            "test_sets: {dl20: {first_stage: splade}}",
            "test_sets.dl20.first_stage: first_stages.splade.run_files names none of it: add one",
        ),
        (
            "test_sets: {dl19_bm25: {first_stage: dense}}",
            "test_sets.dl19_bm25: collection, topics and first stage are those of "
            "test_sets.dl19_dense, and so the files, but its depth is another",
        ),
        (
            "{grid: {test_sets: [dl19, dl19_again]}, "
            "first_stages: {splade: {run_files: {dl19_again: b.trec}}}}",
            "but its run file is another",
        ),
        (
            "{dev_sets: {dl20: {label: D, collection: nano_nq, topics: test}}, "
            "first_stages: {splade: {run_files: {dl20: b.trec}}}}",
            "splade.run_files: 'dl20' is a test set and a dev set: rename one",
        ),
    ],
)
def test_a_mistake_is_named_in_one_line(overlay, message):
    with pytest.raises(UserError) as caught:
        Plan.read(overlaid(SEVERAL, overlay), ROOT)
    assert message in str(caught.value)


DRAWN = """
training_data:
  lists: &lists
    collection: pydocs
    ranking: dense
    examples: 24
    passages: 4
    threshold: 1
    ranks: [1, 30]
    negatives: unjudged
    random_negatives: 0
    margin: null
    exclude: true
    seed: 12
    held_out: {passages: 4, by: query, seed: 12}
objectives: {infonce: {label: InfoNCE, loss: infonce}}
treatments: {listed: {label: Listed, optimizer: adamw, objective: infonce, data: lists}}
grid: {optimizers: [adamw, listed]}
"""


def test_training_data_may_be_drawn_from_a_dense_first_stage():
    plan = Plan.read(overlaid(SEVERAL, DRAWN), ROOT)
    assert plan.training_data.ranking("lists") == "retrieval/pydocs/train.dense.trec"
    assert plan.depth("pydocs", "train", ".dense") == 30
    by_row = overlaid(SEVERAL, DRAWN, "first_stages: {dense: {bi_encoder: minilm}}")
    assert "minilm" in Plan.read(by_row, ROOT).downloads.needed


def test_training_data_are_not_drawn_from_run_files_of_test_sets():
    with pytest.raises(UserError, match=r"lists.ranking: 'splade' has run files of test sets"):
        overlay = DRAWN.replace("ranking: dense", "ranking: splade")
        Plan.read(overlaid(SEVERAL, overlay), ROOT)
