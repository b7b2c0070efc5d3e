"""Scores of candidates: in the order of their rows, whoever scores them and how many at once."""

import re

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from lionrank.errors import UserError
from lionrank.reranking.score import score
from tests.support import tiny_training as tiny

CPU = torch.device("cpu")
ROWS = 40


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Return a function that scores candidates of many lengths."""
    folder = tmp_path_factory.mktemp("score")
    start = tiny.write_start(folder / "start", "bert")
    texts = [(f"query {row}", f"passage {row}" + " more" * (row * 7 % 11)) for row in range(ROWS)]
    frame = pd.DataFrame(texts, columns=["query", "passage"])
    frame.to_parquet(folder / "candidates.parquet")

    def of(rows=None, tokens_at_once=100, workers=0):
        hardware = {"tokens_at_once": tokens_at_once, "workers": workers}
        found = score(start, folder / "candidates.parquet", "fp32", hardware, CPU, rows)
        return found.scores.tolist()

    return of


def test_some_rows_have_the_scores_that_they_have_among_all(scored):
    everything = scored()
    assert len(set(everything)) > ROWS / 2
    assert scored(slice(7, 23)) == pytest.approx(everything[7:23], abs=1e-5)
    assert scored(slice(0, 0)) == []


def test_neither_processes_nor_batches_change_a_score(scored, monkeypatch):
    everything = scored()
    assert scored(tokens_at_once=1) == pytest.approx(everything, abs=1e-5)
    monkeypatch.setattr("lionrank.reranking.batches.CHUNK", 16)
    assert scored(workers=2) == pytest.approx(everything, abs=1e-5)
    monkeypatch.setattr("lionrank.reranking.batches.TEXT", 100)
    assert scored(workers=2) == pytest.approx(everything, abs=1e-5)


def test_logits_by_which_nothing_can_be_ranked_are_refused(tmp_path):
    start = tiny.write_start(tmp_path / "start", "bert")
    weights = load_file(start / "model.safetensors")
    weights["classifier.weight"][:] = torch.nan
    save_file(weights, start / "model.safetensors", {"format": "pt"})
    pairs = pd.DataFrame([("a query", "a passage")], columns=["query", "passage"])
    pairs.to_parquet(tmp_path / "candidates.parquet")
    hardware = {"tokens_at_once": 100, "workers": 0}
    with pytest.raises(UserError, match=re.escape(str(start))):
        score(start, tmp_path / "candidates.parquet", "fp32", hardware, CPU)
