"""What a run file gives when one thing about its evaluation is changed."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lionrank import trec
from lionrank.paper.replication import LABELS
from lionrank.replication.variants import (
    AS_SCORED,
    OTHER_PRECISION,
    VARIANTS,
    logits,
    means,
    tied,
    within,
)

SCORES = st.floats(-30, 30, width=32)


@given(st.dictionaries(st.text("abcdef", min_size=1), SCORES, min_size=1), st.booleans())
def test_ties_that_a_run_file_lowered_are_ties_again(tmp_path_factory, scores, coarse):
    if coarse:
        scores = {docid: float(round(score)) for docid, score in scores.items()}
    path = tmp_path_factory.mktemp("run") / "a.trec"
    trec.write_run(path, {"q": scores}, "a")
    found = logits(trec.read_run(path)[0])["q"]
    # Of neighbours among float32 numbers nobody can tell.
    neighbours = 2.0**-19 * max(1, len(scores))
    assert found == pytest.approx(scores, abs=0 if coarse else neighbours, rel=0)


def evaluated(name: str, run: dict, qrels: dict, metric: str, first_stage: dict | None = None):
    variant = VARIANTS[name]
    (value,) = means(variant, variant.ranked(run, first_stage), qrels, [metric])
    return value


def strict(scores: dict[str, float], tmp_path) -> dict:
    """Return a run as it is read from a run file."""
    trec.write_run(tmp_path / "a.trec", {"q": scores}, "a")
    return trec.read_run(tmp_path / "a.trec")[0]


@pytest.mark.parametrize(
    ("scores", "ties_by"),
    [
        ({"a": 1.5, "b": 1.5}, {"ties", "bf16_logits", "sigmoid", "bf16_sigmoid"}),
        # 8 bits of precision.
        ({"a": 1.501, "b": 1.5}, {"bf16_logits", "bf16_sigmoid"}),
        # The sigmoids differ by less than the float32 numbers next to 1 do.
        ({"a": 25.0, "b": 20.0}, {"sigmoid", "bf16_sigmoid"}),
        ({"a": 8.0, "b": 7.0}, {"bf16_sigmoid"}),
        ({"a": 2.0, "b": 1.0}, set()),
    ],
)
def test_what_ties_is_ordered_by_docid_falling(tmp_path, scores, ties_by):
    run = strict(scores, tmp_path)
    qrels = {"q": {"b": 1}}
    for name in ("ties", "bf16_logits", "sigmoid", "bf16_sigmoid", AS_SCORED):
        ranked = VARIANTS[name].ranked(run, None)
        assert tied(ranked) == (1.0 if name in ties_by else 0.0), name
        assert evaluated(name, run, qrels, "recip_rank_10") == (1.0 if name in ties_by else 0.5)


def test_rounding_is_that_of_torch():
    scores = np.random.default_rng(0).normal(0, 5, 200).astype(np.float32)
    docids = [f"d{place}" for place in range(len(scores))]
    run = {"q": dict(zip(docids, scores.tolist(), strict=True))}
    ranked = VARIANTS["bf16_sigmoid"].ranked(run, None)["q"]
    expected = torch.tensor(scores).to(torch.bfloat16).sigmoid().float()
    assert ranked == dict(zip(docids, expected.tolist(), strict=True))


def test_only_the_first_candidates_are_ranked():
    run = {"q": {f"d{place:02}": float(place) for place in range(20)}}
    first_stage = {"q": {f"d{place:02}": float(-place) for place in range(20)}}
    assert set(within(run, first_stage, 10)["q"]) == {f"d{place:02}" for place in range(10)}
    qrels = {"q": {"d09": 1}}
    assert evaluated(AS_SCORED, run, qrels, "recip_rank_10") == 0.0
    assert evaluated("depth_10", run, qrels, "recip_rank_10", first_stage) == 1.0
    # Candidates that come with the data, in no order.
    assert evaluated("depth_10", run, qrels, "recip_rank_10") == 0.0


def test_grades_and_topics_that_count():
    run = {"q": {"a": 2.0, "b": 1.0}, "r": {"a": 1.0}}
    graded = {"q": {"a": 1, "b": 2}, "r": {"a": 0}}
    assert evaluated(AS_SCORED, run, graded, "recip_rank_10") == 0.5
    assert evaluated("level_2", run, graded, "recip_rank_10") == 0.25
    assert evaluated("answerable", run, graded, "recip_rank_10") == 1.0
    binary = {"q": {"a": 1, "b": 0}, "r": {"a": 0}}
    assert evaluated("level_2", run, binary, "recip_rank_10") == 0.5


def test_every_variant_has_a_name_in_the_paper():
    assert {*LABELS, OTHER_PRECISION} == set(VARIANTS)
