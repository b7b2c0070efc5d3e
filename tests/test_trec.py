"""The file formats: strict reading, run files that never tie, writes that are all or nothing."""

import gzip
import itertools
import re
import subprocess
import sys
from functools import partial
from io import BufferedReader, BytesIO, TextIOWrapper

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionrank import trec
from lionrank.errors import UserError
from lionrank.files import read_json_lines


def write(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (trec.read_qrels, "q1 0 d1 1\nq1 0 d2\n", ":2: expected 4 columns (qid iteration docid gr"),
        (trec.read_qrels, "q1 0 d1 high\n", ":1: grade 'high' is not an integer"),
        (trec.read_qrels, "q1 0 d1 1\nq1 0 d2 1.5\n", ":2: grade '1.5' is not an integer"),
        (trec.read_qrels, "q1 0 d1 1_0\n", ":1: grade '1_0' is not an integer"),
        (trec.read_qrels, "q1 0 d1 1000000000000\n", "is not an integer between -127 and 127"),
        (trec.read_qrels, "q1 0 d1 1\nq1 0 d1 2\n", ":2: document 'd1' is judged twice"),
        (trec.read_qrels, f"q1 0 d1 {'9' * 5000}\n", "is not an integer between -127 and 127"),
        (trec.read_qrels, "q1 0 d1 \u0661\n", ":1: grade '\u0661' is not an integer"),
        (trec.read_qrels, "q1 0 d1 1\nq1 0 d\0 1\n", ":2: expected text, found a NUL"),
        (trec.read_qrels, "\ufeffq1 0 d1 1\n", ":1: expected text, found a byte-order mark"),
        (trec.read_topics, "q1\tone\nq2 two\n", ":2: expected 2 columns (qid text), found 1"),
        (trec.read_topics, "q1\t \n", ":1: topic 'q1' has no text"),
        (trec.read_topics, "q1\ta\nq1\tb\n", ":2: topic 'q1' appears twice"),
        (trec.read_topics, "#1\ta\n", ":1: topic id '#1' begins with #"),
        (trec.read_topics, "q 1\ta\n", ":1: topic id 'q 1' is empty or holds white space"),
        (trec.read_topics, "\ufeffq1\ta\n", ":1: expected text, found a byte-order mark"),
        (trec.read_run, "q1 Q0 d1 1 2.5\n", ":1: expected 6 columns (qid Q0 docid rank score tag)"),
        (trec.read_run, "q1 Q0 d1 1 2 t\n\nq1\n", ":3: expected 6 columns"),
        (trec.read_run, "q1 Q0 d1 1 2 t\nq1 Q0 d2 1 x t\n", ":2: score 'x' is not a number"),
        (trec.read_run, "q1 Q0 d1 1 nan t\n", ":1: score 'nan' is not a finite number"),
        (trec.read_run, "q1 Q0 d1 1 -inf t\n", ":1: score '-inf' is not a finite number"),
        (trec.read_run, "q1 Q0 d1 1 1_0 t\n", ":1: score '1_0' is not a number"),
        (trec.read_run, "q1 Q0 d1 1 1_0.5 t\n", ":1: score '1_0.5' is not a number"),
        (trec.read_run, "q1 Q0 d1 1 \u0661 t\n", ":1: score '\u0661' is not a number"),
        (trec.read_run, "q1 Q0 d\0 1 2 t\n", ":1: expected text, found a NUL"),
        (trec.read_run, "q1 Q0 d1 1 2 t\nq1 Q0 d1 2 1 t\n", ":2: document 'd1' appears twice"),
        (trec.read_run, "\ufeffq1 Q0 d1 1 2 t\n", ":1: expected text, found a byte-order mark"),
    ],
)
def test_bad_lines_are_named(tmp_path, reader, text, message):
    path = write(tmp_path / "file", text)
    with pytest.raises(UserError) as caught:
        list(reader(path))
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("reader", "line"),
    [
        (trec.read_qrels, "q1 0 d{} 1"),
        (trec.read_topics, "q{}\tlions"),
        (trec.read_run, "q1 Q0 d{0} {0} 1.5 t"),
        (read_json_lines, '{{"id": "{}"}}'),
    ],
)
@pytest.mark.parametrize("bad", [1, 11, 120_000])
def test_the_line_that_is_not_utf_8_is_named(tmp_path, reader, line, bad):
    """Also where the file is decoded in several blocks."""
    lines = [line.format(number).encode() for number in range(1, 120_001)]
    lines[bad - 1] = lines[bad - 1].replace(b"1", "é".encode("latin-1"), 1)
    (tmp_path / "file").write_bytes(b"\n".join(lines))
    with pytest.raises(UserError) as caught:
        list(reader(tmp_path / "file"))
    assert f"file:{bad}: expected UTF-8, found the byte 0xe9" in str(caught.value)


def test_the_command_that_an_error_names_removes_a_byte_order_mark(tmp_path):
    text = "q1 0 d1 1\nq1 0 d2 0\n"
    path = tmp_path / "qrels"
    path.write_text(f"\ufeff{text}")
    with pytest.raises(UserError) as caught:
        trec.read_qrels(path)
    subprocess.run(str(caught.value).split("`")[1], shell=True, check=True)
    assert path.read_text() == text
    assert trec.read_qrels(path) == {"q1": {"d1": 1, "d2": 0}}


READERS = [
    (trec.read_topics, b"q1\tlions\nq2\tbig  cats\n", {"q1": "lions", "q2": "big  cats"}),
    (trec.read_qrels, b"q1 0 d1 1\nq1 0 d2 -1\n", {"q1": {"d1": 1, "d2": -1}}),
    (
        trec.read_run,
        b"q1 Q0 d1 1 2.5 t\nq1 Q0 d2 2 1e-3 t\n",
        ({"q1": {"d1": 2.5, "d2": 1e-3}}, "t"),
    ),
    (
        lambda path: list(read_json_lines(path)),
        b'{"a": "\\ud83d\\ude00"}\n{"a": 2}\n',
        [{"a": "\U0001f600"}, {"a": 2}],
    ),
]


@pytest.mark.parametrize(("reader", "text", "content"), READERS)
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.removesuffix(b"\n"),
        lambda text: text.replace(b"\n", b"\r\n").removesuffix(b"\n"),
        lambda text: gzip.compress(text),
        lambda text: gzip.compress(text[:9]) + gzip.compress(text[9:]),
        lambda text: pa.compress(text, "zstd", asbytes=True),
        lambda text: b"".join(pa.compress(some, "zstd", asbytes=True) for some in (text, b"")),
    ],
    ids=[
        *("windows", "no last line end", "half of one of windows"),
        *("gzip", "gzip in two parts", "zstd", "zstd in two parts"),
    ],
)
def test_line_ends_and_packing_change_nothing(tmp_path, reader, text, content, change):
    (tmp_path / "file").write_bytes(change(text))
    assert reader(tmp_path / "file") == content


@pytest.mark.parametrize(("reader", "text", "content"), READERS)
def test_a_dash_is_standard_input(monkeypatch, reader, text, content):
    with TextIOWrapper(BufferedReader(BytesIO(gzip.compress(text)))) as given:
        monkeypatch.setattr(sys, "stdin", given)
        assert reader("-") == content


@pytest.mark.parametrize("pack", [gzip.compress, partial(pa.compress, codec="zstd", asbytes=True)])
@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-9],
        lambda packed: packed[:12] + b"x",
        lambda packed: packed + b"more",
        lambda packed: packed[:20] + bytes([packed[20] ^ 1]) + packed[21:],
    ],
)
def test_a_damaged_packed_file_is_named(tmp_path, damage, pack):
    path = tmp_path / "qrels.gz"
    path.write_bytes(damage(pack(b"q1 0 d1 1\n" * 100)))
    # What zstd packed holds no checksum unless it was asked to.
    with pytest.raises(UserError, match=r"qrels\.gz(:1:| is damaged)"):
        trec.read_qrels(path)


@pytest.mark.parametrize(
    ("reader", "text", "content"),
    [
        (trec.read_qrels, "# in May\n\n  q1\t0  d1\t1 \n \n#q2 0 d1 1", {"q1": {"d1": 1}}),
        (
            trec.read_run,
            "#\n\nq1 Q0 d1 1 2 first tag\n  # x\nq1 Q0 d2 _ 1 t and more\n",
            ({"q1": {"d1": 2.0, "d2": 1.0}}, "t"),
        ),
        (trec.read_run, f"q1 Q0 d1 {'9' * 310} 2 t\n", ({"q1": {"d1": 2.0}}, "t")),
        (trec.read_run, f"q1 Q0 d1 {'9' * 5000} 2 t\n", ({"q1": {"d1": 2.0}}, "t")),
        (
            trec.read_qrels,
            "q1 0 d\u00a01 1\nq1 0 d\u20031 2",
            {"q1": {"d\u00a01": 1, "d\u20031": 2}},
        ),
        (trec.read_run, "q\x1c1 Q0 d\u30001 1 2 t\n", ({"q\x1c1": {"d\u30001": 2.0}}, "t")),
    ],
)
def test_qrels_and_run_files_are_read_as_trec_eval_reads_them(tmp_path, reader, text, content):
    """Comments, blank lines, any rank, text after the tag, and the white space of ASCII alone."""
    assert reader(write(tmp_path / "file", text)) == content


def test_ranks_that_are_no_integers_are_counted(tmp_path, capsys):
    trec.read_run(write(tmp_path / "run", "q1 Q0 d1 - 2 t\nq1 Q0 d2 - 3 t\nq1 Q0 d3 3 1 t\n"))
    assert "2 ranks are no integers" in capsys.readouterr().err


def run_of(*rows: tuple[str, int, float]) -> str:
    return "".join(f"{qid} Q0 d{n} {rank} {score} t\n" for n, (qid, rank, score) in enumerate(rows))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            [("q1", 1, 3.0), ("q1", 2, 1.0), ("q1", 3, 2.0)],
            ":3: expected scores that fall with the rank, found 2.0 at rank 3 of topic 'q1' and "
            "1.0 at rank 2 (line 2)",
        ),
        ([("q1", 1, 3.0), ("q2", 0, 1.0), ("q2", 1, 2.0)], ":3: expected"),
        ([("q1", 9, 3.0), ("q1", 2, 1.0)], ":1: expected"),
        (
            [("q1", 3, 5.0), ("q2", 1, 9.0), ("q1", 1, 8.0), ("q2", 2, 4.0), ("q1", 2, 4.0)],
            ":1: expected scores that fall with the rank, found 5.0 at rank 3 of topic 'q1' and "
            "4.0 at rank 2 (line 5)",
        ),
        ([("q1", 1, 2.0), ("q1", 1, 1.0), ("q1", 2, 1.5)], ":3: expected"),
    ],
)
def test_scores_that_contradict_the_ranks_are_refused(tmp_path, rows, told):
    path = write(tmp_path / "run", run_of(*rows))
    with pytest.raises(UserError) as caught:
        trec.read_run(path)
    assert told in str(caught.value)
    with pytest.raises(UserError):
        list(trec.run_lines(path))


@pytest.mark.parametrize(
    "rows",
    [
        [("q", 0, 3.0), ("q", 1, 2.0), ("q", 2, 1.0)],
        [("q", 1, 3.0), ("q", 2, 3.0), ("q", 7, 3.0), ("q", 20, -1.0)],
        [("q", 0, 1.0), ("q", 0, 3.0), ("q", 0, 2.0)],
        [("q", 3, 1.0), ("p", 1, 0.0), ("q", 1, 3.0), ("p", 2, -1.0), ("q", 2, 2.0)],
    ],
)
def test_ranks_may_count_from_any_number_be_equal_and_stand_in_any_order(tmp_path, rows):
    run, tag = trec.read_run(write(tmp_path / "run", run_of(*rows)))
    assert tag == "t"
    assert sorted(s for scores in run.values() for s in scores.values()) == sorted(
        score for _, _, score in rows
    )


def test_topics_and_qrels_of_different_test_sets_are_refused():
    with pytest.raises(UserError) as caught:
        trec.check_shared({"1": "a", "2": "b"}, "topics.tsv", {"q1": {"d": 1}}, "qrels.txt")
    assert str(caught.value) == (
        "topics.tsv and qrels.txt share no topic: the first has 1, 2, …, the second q1, …; "
        "are they of the same test set?"
    )
    with pytest.raises(UserError, match="the second none;"):
        trec.check_shared({"1": "a"}, "topics.tsv", {}, "qrels.txt")
    trec.check_shared({"1": "a", "2": "b"}, "topics.tsv", {"2": {"d": 1}}, "qrels.txt")


def test_topics_and_qrels_are_read_as_written(tmp_path):
    topics = {"q1": "what is a lion", "q2": "café"}
    qrels = {"q1": {"d1": 2, "d2": 0}, "q2": {"d1": 1}}
    trec.write_topics(tmp_path / "topics.tsv", topics)
    trec.write_qrels(tmp_path / "qrels.txt", qrels)
    assert trec.read_topics(tmp_path / "topics.tsv") == topics
    assert trec.read_qrels(tmp_path / "qrels.txt") == qrels


def test_ties_are_broken_strictly_and_by_docid(tmp_path):
    scores = {
        "d3": 1.0,
        "d1": 1.0,
        "d2": 1.0,
        "d4": float(np.nextafter(np.float32(1), 2)),
        "d5": -7,
    }
    trec.write_run(tmp_path / "run", {"q": scores}, "tag")
    rows = [line.split() for line in (tmp_path / "run").read_text().splitlines()]
    assert [row[2] for row in rows] == ["d4", "d1", "d2", "d3", "d5"]
    assert [row[3] for row in rows] == ["1", "2", "3", "4", "5"]
    written = [np.float32(row[4]) for row in rows]
    assert all(above > below for above, below in itertools.pairwise(written))
    assert {row[5] for row in rows} == {"tag"}


def test_a_candidate_that_is_there_twice_is_refused():
    candidates = pd.DataFrame({"qid": ["q1", "q2", "q1"], "docid": ["d1", "d1", "d1"]})
    assert trec.to_run(candidates[:2], [1.0, 2.0]) == {"q1": {"d1": 1.0}, "q2": {"d1": 2.0}}
    with pytest.raises(UserError, match="document 'd1' is a candidate of topic 'q1' twice"):
        trec.to_run(candidates, [1.0, 2.0, 3.0])


def test_a_score_that_is_no_number_writes_nothing(tmp_path):
    with pytest.raises(UserError, match="document 'd2' for topic 'q' is nan"):
        trec.write_run(tmp_path / "run", {"q": {"d1": 1.0, "d2": float("nan")}}, "tag")
    assert list(tmp_path.iterdir()) == []


CANDIDATES = {"q1": {"d1", "d2"}, "q2": {"d3"}}
RANKED = {"q1": {"d2": 2.5, "d1": 1.0}, "q2": {"d3": 0.5}}


def test_a_ranking_of_all_candidates_is_that_of_its_system():
    trec.check_ranks(RANKED, "bm25", "bm25.trec", "bm25", CANDIDATES)


def test_a_ranking_of_documents_of_its_own_only_needs_the_tag():
    trec.check_ranks({"q9": {"d9": 1.0}}, "splade", "splade.trec", "splade", None)
    with pytest.raises(UserError, match="its tag is 'x', and not 'splade'"):
        trec.check_ranks(RANKED, "x", "splade.trec", "splade", None)


@pytest.mark.parametrize(
    ("run", "tag", "told"),
    [
        (RANKED, "minilm_lion_e1", "minilm_lion_e1"),
        (RANKED | {"q1": {"d2": 2.5}}, "bm25", "lacks 1 of 2 candidates of topic 'q1', 'd1'"),
        ({"q1": RANKED["q1"]}, "bm25", "lacks 1 of 1 candidates of topic 'q2', 'd3'"),
        (RANKED | {"q2": {"d3": 1.0, "d1": 0.5}}, "bm25", "'d1', which is no candidate of topic"),
        (RANKED | {"q3": {"d1": 0.5}}, "bm25", "'d1', which is no candidate of topic 'q3'"),
    ],
)
def test_a_run_file_of_another_system_or_of_other_candidates_is_refused(run, tag, told):
    with pytest.raises(UserError, match=re.escape(told)):
        trec.check_ranks(run, tag, "bm25.trec", "bm25", CANDIDATES)


PART = st.text(st.sampled_from("ab1.-e#_ \té"), max_size=4)
LINE = st.one_of(
    st.builds(
        "{} Q0 {} {} {} t".format,
        st.sampled_from(["q1", "q2"]),
        st.sampled_from([*"abcdefgh"]),
        st.integers(1, 9),
        st.sampled_from(["3.5", "2", "1e-3", "-7.25", "0.1"]),
    ),
    st.lists(PART, min_size=1, max_size=7).map(" ".join),
)


@given(st.lists(LINE, max_size=6))
def test_a_run_file_is_read_the_same_many_lines_at_once_and_one_by_one(tmp_path_factory, lines):
    """A line of which trec_eval reads nothing makes the others be read one by one."""
    folder = tmp_path_factory.mktemp("runs")
    plain = write(folder / "run", "".join(f"{line}\n" for line in lines))
    found = outcome(trec.read_run, plain)
    write(plain, "".join(f"{line}\n" for line in [*lines, "#"]))
    assert outcome(trec.read_run, plain) == found


def outcome(read, path):
    try:
        return read(path)
    except UserError as error:
        return str(error)


def test_topics_come_one_by_one_across_the_blocks_in_which_a_file_is_read(tmp_path):
    rows = [(f"q{topic}", rank, -rank) for topic in range(3) for rank in range(60_000)]
    path = write(tmp_path / "run", run_of(*rows))
    assert path.stat().st_size > 2 * 2**20
    run, _ = trec.read_run(path)
    assert [*trec.rankings(path)] == [*run.items()]
    assert [len(ranking) for ranking in run.values()] == [60_000] * 3
