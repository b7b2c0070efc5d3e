"""Reranking development data: what the first stage missed stays missed."""

import shutil

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from lionrank.config.scorings import Scoring
from lionrank.errors import Diverged
from lionrank.evaluation import dev_sets as dev_evaluation
from lionrank.reranking import score as reranking
from lionrank.training import development
from tests.support import tiny_training as tiny

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return tiny.write_start(tmp_path_factory.mktemp("start") / "e0", "bert")


@pytest.fixture
def candidates(tmp_path):
    """Two topics with three candidates each."""
    rows = [(f"q{q}", f"d{d}", f"query {q}", f"passage {q * d}") for q in (1, 2) for d in (1, 2, 3)]
    path = tmp_path / "candidates.parquet"
    pd.DataFrame(rows, columns=["qid", "docid", "query", "passage"]).to_parquet(path)
    return path


def ndcg(checkpoint, candidates, tmp_path, judged):
    qrels = tmp_path / "qrels.txt"
    qrels.write_text("".join(f"{qid} 0 {docid} 1\n" for qid, docid in judged))
    dev_set = dev_evaluation.DevSet("dev", candidates, qrels)
    return dev_evaluation.ndcg(checkpoint, dev_set, "fp32", tiny.HARDWARE, CPU)


def test_ndcg_is_that_of_the_order_of_the_logits(checkpoint, candidates, tmp_path):
    scores = reranking.score(checkpoint, candidates, "fp32", tiny.HARDWARE, CPU).scores.tolist()
    first = [("q1", f"d{1 + scores[:3].index(max(scores[:3]))}")]
    last = [("q1", f"d{1 + scores[:3].index(min(scores[:3]))}")]
    assert ndcg(checkpoint, candidates, tmp_path, first) == 1
    assert ndcg(checkpoint, candidates, tmp_path, last) == 0.5  # 1 / log2(3 + 1)


def test_a_dev_set_may_have_a_scoring(checkpoint, tmp_path, capsys):
    """The two documents differ in their ends alone, which not every scoring reads."""
    rows = [("q1", f"d{d}", "query", "more " * 40 + f"{d}") for d in (1, 2)]
    path, qrels = tmp_path / "candidates.parquet", tmp_path / "qrels.txt"
    pd.DataFrame(rows, columns=["qid", "docid", "query", "passage"]).to_parquet(path)
    for how, cut in (
        (None, 2),
        (Scoring("first_p", window=8), 2),
        (Scoring("mean_p", window=8, stride=4), 0),
        (Scoring("full"), 0),
    ):
        scores = reranking.score(checkpoint, path, "fp32", tiny.HARDWARE, CPU, how=how).scores
        assert (scores[0].item() == pytest.approx(scores[1].item(), abs=1e-7)) == (cut == 2)
        # Level scores are ranked as trec_eval ranks them, the later docid first.
        _, first = max(zip(scores.tolist(), ("d1", "d2"), strict=True))
        qrels.write_text(f"q1 0 {first} 1\n")
        dev_set = dev_evaluation.DevSet("dev", path, qrels, how)
        capsys.readouterr()
        assert dev_evaluation.ndcg(checkpoint, dev_set, "fp32", tiny.HARDWARE, CPU) == 1
        assert f"{cut} of 2 pairs were cut" in capsys.readouterr().out


def test_missed_positives_are_not_put_back(checkpoint, candidates, tmp_path):
    """Trap 9 of the protocol."""
    everything = [("q1", f"d{number}") for number in (1, 2, 3)]
    assert ndcg(checkpoint, candidates, tmp_path, everything) == 1
    missed = ndcg(checkpoint, candidates, tmp_path, [*everything, ("q1", "d99")])
    assert missed == pytest.approx((1 + 0.63093 + 0.5) / (1 + 0.63093 + 0.5 + 0.43068), abs=1e-5)
    assert ndcg(checkpoint, candidates, tmp_path, [("q1", "d99")]) == 0


def test_a_topic_without_candidates_counts_as_zero(checkpoint, candidates, tmp_path):
    everything = [("q1", f"d{number}") for number in (1, 2, 3)]
    assert ndcg(checkpoint, candidates, tmp_path, [*everything, ("q3", "d1")]) == 0.5


def scores(checkpoint, candidates, tmp_path, **changes):
    qrels, log = tmp_path / "qrels.txt", tmp_path / "log.jsonl"
    qrels.write_text("q1 0 d1 1\nq1 0 d2 1\nq1 0 d3 1\n")
    log.write_text('{"step": 3, "eval_loss": 0.5}\n')
    dev_sets = [dev_evaluation.DevSet("nq", candidates, qrels)]
    return dev_evaluation.scores(
        *(1, checkpoint, log, dev_sets, "fp32", tiny.HARDWARE, CPU), **changes
    )


@pytest.mark.parametrize("trial", [False, True])
def test_an_epoch_has_its_loss_and_its_scores(checkpoint, candidates, tmp_path, trial):
    expected = development.scores(1, 0.5, {"nq": 1.0})
    assert scores(checkpoint, candidates, tmp_path, trial=trial) == expected


def test_of_a_checkpoint_of_no_numbers_only_a_trial_has_an_outcome(
    checkpoint, candidates, tmp_path
):
    broken = tmp_path / "broken"
    shutil.copytree(checkpoint, broken)
    weights = load_file(broken / "model.safetensors")
    weights["classifier.weight"].fill_(torch.nan)
    save_file(weights, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(Diverged, match="not finite"):
        scores(broken, candidates, tmp_path)
    found = scores(broken, candidates, tmp_path, trial=True)
    assert found == development.no_scores(1, "diverged")
