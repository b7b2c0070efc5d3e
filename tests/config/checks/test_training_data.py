"""Training data and treatments as a config has them: drawn, imported, and named by others."""

import copy

import pytest

from lionrank.config.check import check
from lionrank.config.plan import Plan
from lionrank.config.treatments import needs_relevant
from lionrank.errors import UserError
from tests.support.configs import ROOT, SCHEMA, SOURCES, overlaid

OVERLAY = """
grid: {optimizers: [adamw, infonce, marginmse]}
objectives:
  infonce: {label: InfoNCE, loss: infonce}
  marginmse: {label: MarginMSE, loss: margin_mse}
training_data:
  zephyr:
    collection: msmarco
    ranking: rankzephyr_colbert_50
    examples: 10000
    passages: 50
    threshold: 1
    ranks: [1, 50]
    negatives: any
    random_negatives: 0.0
    margin: null
    exclude: false
    seed: 12
    held_out: {passages: 0, by: query, seed: 12}
  ensemble:
    collection: msmarco
    format: hofstaetter
    source: hofstaetter_ensemble
    examples: 1000000
    held_out: {passages: 0, by: query, seed: 12}
  mine:
    collection: msmarco
    format: lists
    file: data/lists.jsonl
    passages: 8
    examples: 100
    held_out: {passages: 0, by: query, seed: 12}
treatments:
  infonce: {label: InfoNCE, optimizer: adamw, objective: infonce, data: zephyr}
  marginmse: {label: MarginMSE, optimizer: adamw, objective: marginmse, data: ensemble}
"""
CONFIG = overlaid(OVERLAY)


def with_changes(**changes):
    """Return the config with entries merged into entries, such as training_data__mine."""
    config = copy.deepcopy(CONFIG)
    for path, entry in changes.items():
        kind, name = path.split("__")
        known = config[kind].get(name, {})
        merged = known | entry
        config[kind][name] = {key: value for key, value in merged.items() if value != "absent"}
    return config


def test_drawn_and_imported_data_pass():
    check(CONFIG, SCHEMA, SOURCES)


def test_what_data_are_made_of_is_downloaded_where_the_grid_needs_it():
    plan = Plan.read(CONFIG, ROOT)
    needed = plan.downloads.needed
    assert {"rankzephyr_colbert_50", "msmarco_train_qrels", "hofstaetter_ensemble"} <= {*needed}
    assert not {"rankzephyr_colbert_50", "hofstaetter_ensemble"} & {
        *Plan.read(overlaid("grid: {optimizers: [adamw]}"), ROOT).downloads.needed
    }
    assert plan.training_data.ranking("zephyr") == "sources/rankzephyr_colbert_50"
    assert plan.training_data.imported("ensemble") == "sources/hofstaetter_ensemble"
    assert plan.training_data.imported("mine") == "data/lists.jsonl"


def test_objectives_that_need_a_relevant_passage_are_known_by_their_data():
    assert needs_relevant(CONFIG, "zephyr") == ["infonce"]
    assert needs_relevant(CONFIG, "ensemble") == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"training__treatments": {"infonce": {"global_batch_size": 49}}},
            "training: global_batch_size is 49 passages for minilm and infonce, and an example of "
            "training_data.zephyr has up to 50: raise it to as many or more",
        ),
        (
            {"treatments__infonce": {"data": "zefyr"}},
            "treatments.infonce.data: unknown 'zefyr'; did you mean 'zephyr'?",
        ),
        (
            {"treatments__infonce": {"objective": "infonse"}},
            "treatments.infonce.objective: unknown 'infonse'; did you mean 'infonce'?",
        ),
        (
            {"treatments__minilm": CONFIG["treatments"]["infonce"]},
            "treatments.minilm: 'minilm' is the name of a model",
        ),
        (
            {"treatments__infonce": {"data": "pairs"}},
            "treatments.infonce.data: infonce learns from several passages of a topic",
        ),
        (
            {"training_data__corpus": CONFIG["training_data"]["mine"]},
            "training_data.corpus: 'corpus' is the name of other files",
        ),
        (
            {"training_data__ensemble": {"source": "hofstaetter_ensembel"}},
            "training_data.ensemble.source: unknown 'hofstaetter_ensembel'; did you mean",
        ),
        ({"training_data__ensemble": {"file": "x"}}, "ensemble: name a source or a file, one of"),
        ({"training_data__mine": {"file": "absent"}}, "mine: name a source or a file, one of"),
        ({"training_data__mine": {"passages": "absent"}}, "mine.passages: lists have this"),
        ({"training_data__ensemble": {"passages": 2}}, "ensemble.passages: lists have this"),
        (
            {"training_data__mine": {"format": "hofstatter"}},
            "mine.format: unknown value 'hofstatter'; did you mean 'hofstaetter'?",
        ),
        ({"training_data__mine": {"ranking": "bm25"}}, "mine: unknown key 'ranking'"),
        ({"training_data__zephyr": {"ranks": "absent"}}, "zephyr: the key 'ranks' is missing"),
        ({"training_data__zephyr": {"ranks": [9, 2]}}, "zephyr.ranks: 9 > 2"),
        ({"training_data__zephyr": {"ranking": "bm52"}}, "unknown 'bm52'; did you mean 'bm25'?"),
        ({"training_data__zephyr": {"collection": "marco_qa"}}, "marco_qa has no topics named tr"),
    ],
)
def test_a_mistake_names_the_key(changes, message):
    with pytest.raises(UserError) as error:
        check(with_changes(**changes), SCHEMA, SOURCES)
    assert message in str(error.value)


def test_judgements_of_ms_marco_have_a_row_of_the_table():
    sources = {name: row for name, row in SOURCES.items() if name != "msmarco_train_qrels"}
    with pytest.raises(UserError, match=r"zephyr.collection: .* a row msmarco_train_qrels of the"):
        check(CONFIG, SCHEMA, sources)
