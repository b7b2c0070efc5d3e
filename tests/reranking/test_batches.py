"""Documents of any length, whole or in windows: each text as if it were scored alone."""

import random

import pandas as pd
import pytest
import torch

from lionrank import parquet
from lionrank.config.scorings import Division, Scoring
from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.tokens import frame, tokens_of
from lionrank.errors import UserError
from lionrank.reranking import windows
from lionrank.reranking.score import score, score_windows
from tests.support import tiny_training as tiny

CPU = torch.device("cpu")
ARCHITECTURES = ["bert", "gte", "modernbert", "roberta", "deberta"]
POSITIONS = {"roberta": 39}
"""Of those that have fewer than 512."""
WORDS = ["the", "lion", "eats", "a", "zebra", "at", "night", "and", "sleeps", "é", "12", "?"]
MAX_P = Scoring("max_p", window=16, stride=8)


def text(words: int, seed: int = 0) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))


QUERIES = {"7": "what do lions eat", "00é": text(40, 1), "a/b": "?"}
DOCUMENTS = [*map(text, (0, 1, 5, 12, 13, 60, 300), range(7)), "   ", "🦁 " * 9, QUERIES["00é"]]


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("starts")
    return {name: tiny.write_start(folder / name, name) for name in ARCHITECTURES}


@pytest.fixture(scope="module")
def candidates(tmp_path_factory):
    """Every document for every query, one of them twice by another id."""
    rows = [
        (qid, f"d {place}", query, document)
        for qid, query in QUERIES.items()
        for place, document in enumerate([*DOCUMENTS, DOCUMENTS[5]])
    ]
    path = tmp_path_factory.mktemp("candidates") / "candidates.parquet"
    pd.DataFrame(rows, columns=["qid", "docid", "query", "passage"]).to_parquet(path)
    return path


def scored(start, candidates, how, tokens_at_once=100, workers=0, rows=None):
    hardware = {"tokens_at_once": tokens_at_once, "workers": workers}
    return score(start, candidates, "fp32", hardware, CPU, rows, how)


def of_windows(start, candidates, division, tokens_at_once=100):
    hardware = {"tokens_at_once": tokens_at_once, "workers": 0}
    return score_windows(start, candidates, "fp32", hardware, CPU, division)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_window_has_the_logit_that_it_has_alone(starts, candidates, architecture):
    table = of_windows(starts[architecture], candidates, Division(16, 8)).to_pandas()
    texts = pd.read_parquet(candidates).set_index(["qid", "docid"])
    model = cross_encoder.load(starts[architecture], CPU)
    around = frame(model.tokenizer)
    room = POSITIONS.get(architecture, 512) - around.special
    for (qid, docid), its in table.groupby(["qid", "docid"], sort=False):
        (query,) = tokens_of(model.tokenizer, [texts.loc[(qid, docid), "query"]])
        (document,) = tokens_of(model.tokenizer, [texts.loc[(qid, docid), "passage"]])
        kept = query[: room - min(16, len(document))]
        spans = Division(16, 8).windows(len(document))
        assert [*zip(its["begin"], its["end"], strict=True)] == spans
        assert its["window"].tolist() == [*range(len(spans))]
        assert {*its["document"]} == {len(document)}
        assert {*its["query_left_out"]} == {len(query) - len(kept)}
        with torch.no_grad():
            alone = [
                model.logits(around.join([kept], [document[begin:end]])).item()
                for begin, end in spans
            ]
        assert its["logit"].tolist() == pytest.approx(alone, abs=1e-5)
    assert [*table.groupby(["qid", "docid"], sort=False).groups] == [*texts.index]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_window_over_the_whole_text_is_the_full_text(starts, tmp_path, architecture):
    most = POSITIONS.get(architecture, 512)
    documents = [text(size, size) for size in (0, 1, 5, most // 2)]
    pairs = [(f"{row}", "d", "what do lions eat", each) for row, each in enumerate(documents)]
    path = tmp_path / "candidates.parquet"
    pd.DataFrame(pairs, columns=["qid", "docid", "query", "passage"]).to_parquet(path)
    full = scored(starts[architecture], path, Scoring("full"))
    for how in (
        Scoring("max_p", window=most - 10, stride=1),
        Scoring("first_p", window=most - 10),
        Scoring("mean_p", window=most - 10, stride=most - 10),
    ):
        found = scored(starts[architecture], path, how)
        assert found.scores.tolist() == pytest.approx(full.scores.tolist(), abs=1e-5)
        assert found.lengths == full.lengths
    assert len({*full.scores.tolist()}) == len(documents)
    assert full.lengths.cut == 0


def test_neither_batches_nor_processes_nor_chunks_change_a_score(starts, candidates, monkeypatch):
    expected = scored(starts["bert"], candidates, MAX_P)
    for changes in ({"tokens_at_once": 1}, {"tokens_at_once": 5000}, {"workers": 2}):
        found = scored(starts["bert"], candidates, MAX_P, **changes)
        assert found.scores.tolist() == pytest.approx(expected.scores.tolist(), abs=1e-5)
        assert found.lengths == expected.lengths
    monkeypatch.setattr("lionrank.reranking.batches.TEXT", 100)
    found = scored(starts["bert"], candidates, MAX_P, workers=2)
    assert found.scores.tolist() == pytest.approx(expected.scores.tolist(), abs=1e-5)
    part = scored(starts["bert"], candidates, MAX_P, rows=slice(4, 9))
    assert part.scores.tolist() == pytest.approx(expected.scores[4:9].tolist(), abs=1e-5)
    assert scored(starts["bert"], candidates, MAX_P, rows=slice(0, 0)).scores.tolist() == []


@pytest.mark.parametrize(
    "how",
    [
        MAX_P,
        Scoring("mean_p", window=16, stride=8),
        Scoring("first_p", window=16, stride=8),
        Scoring("top_k", window=16, stride=8, k=3),
    ],
    ids=lambda how: how.aggregation,
)
def test_what_a_file_of_windows_aggregates_to_is_what_is_scored_at_once(
    starts, candidates, tmp_path, how
):
    parquet.write_table(
        tmp_path / "windows.parquet", of_windows(starts["modernbert"], candidates, how.division)
    )
    found = windows.scores(windows.read(tmp_path / "windows.parquet"), how)
    at_once = scored(starts["modernbert"], candidates, how)
    assert found.scores.tolist() == at_once.scores.tolist()
    assert found.lengths == at_once.lengths
    alone = Scoring("first_p", window=16)
    if how.aggregation == "first_p":
        again = scored(starts["modernbert"], candidates, alone)
        assert again.scores.tolist() == pytest.approx(found.scores.tolist(), abs=1e-5)
        assert again.lengths == found.lengths


def test_candidates_without_rows_have_a_table_without_rows(starts, candidates):
    hardware = {"tokens_at_once": 100, "workers": 0}
    given = (starts["bert"], candidates, "fp32", hardware, CPU, Division(16, 8))
    assert len(score_windows(*given, rows=slice(3, 3))) == 0


def test_what_does_not_fit_into_the_positions_is_refused_with_the_remedy(starts, candidates):
    told = "window is 36, and of the 39 positions .* most 35"
    with pytest.raises(UserError, match=told):
        scored(starts["roberta"], candidates, Scoring("max_p", window=36, stride=8))
    scored(starts["roberta"], candidates, Scoring("max_p", window=35, stride=8))


def test_a_model_of_fewer_positions_reads_as_many_as_it_has(starts, candidates, capsys):
    all_, more, fewer = (
        scored(starts["roberta"], candidates, Scoring("full", max_length=most))
        for most in (None, 40, 38)
    )
    assert more.scores.tolist() == all_.scores.tolist()
    assert more.lengths == all_.lengths
    assert fewer.lengths.left_out > all_.lengths.left_out > 0
    assert "max_length is 40; this model (roberta) has 39 positions." in capsys.readouterr().out
