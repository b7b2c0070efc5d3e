"""Examples that others made are imported, whatever the format of their file."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lionrank.collections.corpus import IDS
from lionrank.collections.imports import import_examples, summary
from lionrank.errors import UserError

SCORED = "12.5\t-3.25\tq1\td1\td2\n8\t7.5\tq2\td3\td1\n1.0\t2.0\tq1\td4\td2\n"
LISTS = [
    {"query_id": "q1", "doc_ids": ["d1", "d2", "d3"], "labels": [2, 0, 1]},
    {"query_id": 7, "doc_ids": ["d4", 5], "labels": [1, 0]},
]


def given(folder: Path, form: str, content, asked: int = 2, most: int = 100, **how):
    """Import content: text, records or a Parquet table; return examples as lists, and counts."""
    path = folder / "given"
    if isinstance(content, pa.Table):
        pq.write_table(content, path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        lines = (
            content
            if isinstance(content, str)
            else "".join(f"{json.dumps(each)}\n" for each in content)
        )
        path.write_text(lines)
    counts = import_examples(form, path, asked, most, folder / "ids.parquet", 1, **how)
    table = pq.read_table(folder / "ids.parquet")
    assert table.schema == IDS
    examples: dict[int, list] = {}
    for number, *passage in zip(*(column.to_pylist() for column in table.columns), strict=True):
        examples.setdefault(number, []).append(tuple(passage))
    return list(examples.values()), counts


def test_hofstaetters_scores_are_those_of_triplets(tmp_path):
    examples, counts = given(tmp_path, "hofstaetter", SCORED)
    assert examples == [
        [("q1", "d1", 1.0, 12.5), ("q1", "d2", 0.0, -3.25)],
        [("q2", "d3", 1.0, 8.0), ("q2", "d1", 0.0, 7.5)],
    ]
    assert counts == {
        "examples": 2,
        "topics": 2,
        "passages": 4,
        "distinct": 3,
        "cut": 0,
        "removed_queries": 0,
    }


def test_triplets_may_be_lines_or_parquet_and_have_margins(tmp_path):
    plain = [[("q1", "d1", 1.0, None), ("q1", "d2", 0.0, None)]]
    assert given(tmp_path, "triplets", "q1\td1\td2\nq2\td3\td1\n", asked=1)[0] == plain
    assert given(tmp_path, "triplets", gzip.compress(b"q1\td1\td2\n"), asked=1)[0] == plain
    with_margin = [[("q1", "d1", 1.0, -2.5), ("q1", "d2", 0.0, 0.0)]]
    assert given(tmp_path, "triplets", "q1\td1\td2\t-2.5\n", asked=1)[0] == with_margin
    columns = {"query_id": [1], "positive_id": ["d1"], "negative_id": ["d2"], "score": [-2.5]}
    assert given(tmp_path, "triplets", pa.table(columns), asked=1)[0] == [
        [("1", *passage[1:]) for passage in with_margin[0]]
    ]


def test_pairs_are_examples_of_one_passage(tmp_path):
    columns = {"query_id": ["q1", "q1"], "passage_id": ["d1", "d2"], "score": [1.5, -2.0]}
    examples, counts = given(tmp_path, "pairs", pa.table(columns))
    assert examples == [[("q1", "d1", None, 1.5)], [("q1", "d2", None, -2.0)]]
    assert counts["topics"] == 1


def test_lists_may_be_json_lines_or_parquet(tmp_path):
    expected = [
        [("q1", "d1", 2.0, None), ("q1", "d2", 0.0, None), ("q1", "d3", 1.0, None)],
        [("7", "d4", 1.0, None), ("7", "5", 0.0, None)],
    ]
    assert given(tmp_path, "lists", LISTS)[0] == expected
    columns = {
        "query_id": ["q1", "7"],
        "doc_ids": [["d1", "d2", "d3"], ["d4", "5"]],
        "labels": [[2, 0, 1], [1, 0]],
    }
    assert given(tmp_path, "lists", pa.table(columns))[0] == expected


def test_lists_may_have_scores_beside_their_labels_or_in_their_place(tmp_path):
    both = [{"query_id": "q", "doc_ids": ["a", "b"], "labels": [1, 0], "scores": [0.5, 2]}]
    assert given(tmp_path, "lists", both, 1)[0] == [[("q", "a", 1.0, 0.5), ("q", "b", 0.0, 2.0)]]
    scores = [{"query_id": "q", "doc_ids": ["a", "b"], "scores": [0.5, 2]}]
    assert given(tmp_path, "lists", scores, 1)[0] == [
        [("q", "a", None, 0.5), ("q", "b", None, 2.0)]
    ]


def test_longer_lists_are_cut_and_counted(tmp_path):
    examples, counts = given(tmp_path, "lists", LISTS, most=2)
    assert [len(each) for each in examples] == [2, 2]
    assert counts["cut"] == 1
    assert "1 lists are longer and were cut" in summary(counts, 2)


def test_the_files_of_a_folder_are_read_in_the_order_of_their_names(tmp_path):
    folder = tmp_path / "sources" / "deep"
    folder.mkdir(parents=True)
    (folder / "b.tsv").write_text("q2\td3\td1\n")
    (folder / "a.tsv").write_text("q1\td1\td2\n")
    import_examples("triplets", tmp_path / "sources", 2, 2, tmp_path / "ids.parquet", 1)
    assert pq.read_table(tmp_path / "ids.parquet")["qid"].to_pylist() == ["q1", "q1", "q2", "q2"]


def test_fewer_than_asked_for_are_counted_and_fewer_than_half_refused(tmp_path):
    examples, counts = given(tmp_path, "hofstaetter", SCORED, asked=6)
    assert len(examples) == counts["examples"] == 3
    assert "3 examples of 2 topics, and 6 asked for" in summary(counts, 6)
    (tmp_path / "ids.parquet").unlink()
    with pytest.raises(UserError, match="given holds 3 examples, and 7 asked for: is it whole"):
        given(tmp_path, "hofstaetter", SCORED, asked=7)
    assert not (tmp_path / "ids.parquet").exists()


@pytest.mark.parametrize(
    ("form", "content", "message"),
    [
        ("hofstaetter", SCORED[:-2], "given:3: .*the last line does not end"),
        ("hofstaetter", SCORED[:-4], "given:3: expected the columns pos_score neg_score"),
        ("hofstaetter", SCORED.replace("8", "x"), "given:2: score 'x' is not a number"),
        ("hofstaetter", SCORED.replace("8", "nan"), "given:2: one of its scores is nan"),
        ("hofstaetter", SCORED.replace("d3", "d1"), "given:2: passage 'd1' appears twice"),
        ("hofstaetter", gzip.compress(SCORED.encode(), mtime=0)[:-9], "given is damaged"),
        ("hofstaetter", pa.table({"a": [1]}), "given:1: expected UTF-8, found a Parquet file"),
        ("triplets", "q1\td1\td2\nq2\td1\n", "given:2: expected the columns query_id positive_id"),
        ("triplets", "q1\td1\td2\nq2\td1\td3\t1.0\n", "given:2: expected the columns"),
        ("triplets", "q1\td1\td2\nq2\t\td3\n", "given:2: expected the columns"),
        ("triplets", pa.table({"query_id": ["q"]}), "given: missing columns: positive_id"),
        ("pairs", pa.table({"query_id": ["q"], "passage_id": ["d"]}), "no label and no score"),
        ("lists", [LISTS[0] | {"labels": [1, 0]}], "given:1: 3 passages and 2 labels"),
        ("lists", [LISTS[0] | {"labels": [1, 0, float("nan")]}], "given:1: one of its labels is n"),
        ("lists", [LISTS[0] | {"labels": [1, 0, -2]}], "given:1: the label -2.0 is below 0"),
        ("lists", [LISTS[0] | {"labels": [1, 0, "1"]}], "given:1: one of its labels is '1', no"),
        ("lists", [LISTS[0] | {"doc_ids": ["d", "e", "d"]}], "given:1: passage 'd' appears twice"),
        (
            "lists",
            [LISTS[0] | {"doc_ids": [], "labels": []}],
            "given:1: the example has no pas",
        ),
        ("lists", [LISTS[0] | {"doc_ids": "d1"}], "given:1: doc_ids is 'd1', and not a list"),
        ("lists", [LISTS[0] | {"query_id": None}], "given:1: query_id is None, and not text"),
        ("lists", [{"query_id": "q", "doc_ids": ["d"]}], "given:1: there are no labels and no sco"),
        (
            "lists",
            [LISTS[0], {"query_id": "q", "doc_ids": ["d"], "scores": [1]}],
            "given:2: it has scores, and line 1 has labels",
        ),
        (
            "lists",
            pa.table(
                {"query_id": ["q"], "doc_ids": [["a"]], "scores": [[None]]},
                schema=pa.schema(
                    {
                        "query_id": pa.string(),
                        "doc_ids": pa.list_(pa.string()),
                        "scores": pa.list_(pa.float64()),
                    }
                ),
            ),
            "given, row 1: 'scores' has no value",
        ),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(tmp_path, form, content, message):
    with pytest.raises(UserError, match=message):
        given(tmp_path, form, content, asked=4)
    assert not (tmp_path / "ids.parquet").exists()


def test_of_triplets_with_the_query_itself_the_next_ones_are_taken(tmp_path):
    lines = "q1\td1\tq1\nq2\tq2\td1\nq1\td1\td2\nq2\td3\tq1\n"
    examples, counts = given(tmp_path, "triplets", lines, remove_query=True)
    assert [[docid for _, docid, *_ in each] for each in examples] == [["d1", "d2"], ["d3", "q1"]]
    assert counts["removed_queries"] == 2
    assert "; 2 passages are the query itself, and left out" in summary(counts, 2)
    with pytest.raises(UserError, match="2 examples, and 5 asked for; 2 passages are the query"):
        given(tmp_path, "triplets", lines, asked=5, remove_query=True)
    kept, counts = given(tmp_path, "triplets", lines)
    assert [docid for _, docid, *_ in kept[0]] == ["d1", "q1"] and not counts["removed_queries"]


def test_a_list_loses_the_query_itself_before_it_is_cut(tmp_path):
    lists = [
        {"query_id": "q1", "doc_ids": ["q1", "d2", "d3"], "labels": [2, 0, 1]},
        {"query_id": "q2", "doc_ids": ["q2"], "labels": [1]},
        {"query_id": "q3", "doc_ids": ["d4", "q1"], "labels": [1, 0]},
    ]
    examples, counts = given(tmp_path, "lists", lists, most=2, remove_query=True)
    assert examples == [
        [("q1", "d2", 0.0, None), ("q1", "d3", 1.0, None)],
        [("q3", "d4", 1.0, None), ("q3", "q1", 0.0, None)],
    ]
    assert counts["removed_queries"] == 2 and not counts["cut"]
