"""Mistakes about teachers: each stops with one line that names the key."""

import pytest

from lionrank.config.check import check
from lionrank.errors import UserError
from tests.support.configs import SCHEMA, SOURCES, overlaid, refusal
from tests.support.treated import TAUGHT


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        (
            "training_data: {lists: {ranking: bo}}",
            "lists.ranking, which may be a path with a /",
        ),
        ("teachers: {bi: {bi_encoder: minilm_l9}}", "teachers.bi.bi_encoder, which may be a path"),
        ("teachers: {own: {checkpoint: minilm_adamw_e4}}", "did you mean 'minilm_adamw_e3'?"),
        (
            "teachers: {own: {checkpoint: dl19_qrels}}",
            "own.checkpoint, which may be a path with a /",
        ),
        ("teachers: {theirs: {run_file: theirs}}", "theirs.run_file, which may be a path with a /"),
        (
            "teachers: {bi: {checkpoint: ./x}}",
            "teachers.bi: set one of bi_encoder, checkpoint, run",
        ),
        ("teachers: {none: {label: None at all}}", "teachers.none: set one of bi_encoder, check"),
        ("teachers: {own: {scale: 2}}", "teachers.own.scale: only the similarity of a bi_encoder"),
        ("teachers: {bi: {scale: 0}}", "teachers.bi.scale: 0 is less than or equal"),
        ("teachers: {bi: {precision: fp32}}", "teachers.bi.precision: it is for a checkpoint"),
        ("teachers: {own: {max_length: 9}}", "teachers.own.max_length: its training has one"),
        ("teachers: {bm25: {label: X, run_file: ./x}}", "'bm25' is the name of the first stage"),
        (
            "teachers: {ours: {label: X, run_file: ./x}}\n"
            "systems: {ours: {label: Y, run_files: {dl19: ./y}}}",
            "teachers.ours: 'ours' is the name of a system",
        ),
        (
            "training_data: {lists: {ranking: bm25}}",
            "training_data.lists.ranking: mse learns from scores, and bm25 may lack relevant",
        ),
        (
            "training_data: {lists: {random_negatives: 0.1}}",
            "training_data.lists.random_negatives: mse learns from scores, and no ranking has any",
        ),
        ("teachers: {own: {checkpoint: minilm_ranknet_e1}}", "ranknet_e1 learns from own, and so"),
        (
            "training_data: {lists: {ranking: own}, given: {ranking: public}}\n"
            "teachers: {public: {checkpoint: minilm_infonce_e2, max_length: null, precision: null},"
            " own: {checkpoint: minilm_ranknet_e2}}",
            "minilm_ranknet_e2 learns from public and own, and so the teacher from itself",
        ),
    ],
)
def test_a_mistake_about_teachers_is_named_in_one_line(overlay, message):
    assert message in refusal(overlaid(TAUGHT, overlay))


def test_a_cosine_is_no_logit():
    config = overlaid(TAUGHT)
    del config["teachers"]["bi"]["scale"]
    with pytest.raises(UserError, match=r"teachers\.bi\.scale: mse learns from logits"):
        check(config, SCHEMA, SOURCES)
    config["treatments"]["mse"]["objective"] = "ranknet"
    check(config, SCHEMA, SOURCES)


def test_the_top_of_any_ranking_has_scores():
    check(
        overlaid(TAUGHT, "training_data: {lists: {ranking: bm25, threshold: null}}"),
        SCHEMA,
        SOURCES,
    )
