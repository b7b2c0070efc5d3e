"""Triplets and examples are joined with their texts, and split into two parts."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lionrank import trec
from lionrank.collections.examples import write_ids
from lionrank.collections.join import PAIRS, join_examples, join_pairs
from lionrank.collections.triplets import write_triplets
from lionrank.errors import UserError
from lionrank.files import write_json_lines

ROOT = Path(__file__).parents[2]
QUERIES = 300
# Queries of one, two and three triplets, which are not next to each other.
TRIPLETS = [
    (f"q{number % QUERIES}", f"d{number % QUERIES}", f"d{(number * 7 + 301) % 2000}")
    for number in range(2 * QUERIES + 100)
]
TOPICS = {f"q{number}": f'the "query" {number}' for number in range(QUERIES + 50)}
PASSAGES = {
    f"d{number}": f"passage\n{number} é " + "word " * (number % 250) for number in range(2000)
}


@pytest.fixture
def data(tmp_path) -> Path:
    """Triplets, topics and a corpus, of which the triplets ask for a part."""
    write_triplets(tmp_path / "triplets.parquet", TRIPLETS)
    trec.write_topics(tmp_path / "topics.tsv", TOPICS)
    records = ({"id": docid, "contents": text} for docid, text in PASSAGES.items())
    write_json_lines(tmp_path / "corpus" / "documents.jsonl", records)
    return tmp_path


def join(data: Path, held_out: int, by="query", seed: int | None = 12, threads=2, **how):
    """Join the data, and return both parts as lists of tuples, and the record."""
    output = data / "output"
    files = [output / name for name in ("pairs.parquet", "held_out.parquet", "record.json")]
    join_pairs(
        data / "triplets.parquet",
        data / "topics.tsv",
        data / "corpus",
        held_out=held_out,
        held_out_by=by,
        seed=seed,
        data=files[0],
        held_out_data=files[1],
        record=files[2],
        threads=threads,
        **how,
    )
    assert sorted(output.iterdir()) == sorted(files)
    pairs, apart = (pq.read_table(path).to_pylist() for path in files[:2])
    return (
        [tuple(pair.values()) for pair in pairs],
        [tuple(pair.values()) for pair in apart],
        json.loads(files[2].read_text()),
    )


EXPECTED = [
    (qid, docid, TOPICS[qid], PASSAGES[docid], label)
    for qid, positive, negative in TRIPLETS
    for docid, label in ((positive, 1.0), (negative, 0.0))
]


def test_pairs_are_in_the_triplets_order_with_the_positive_before_its_negative(data):
    pairs, held_out, record = join(data, held_out=0)
    assert pairs == EXPECTED
    assert held_out == []
    assert record["rows"] == {"train": len(EXPECTED), "held_out": 0}
    for name in ("pairs", "held_out"):
        assert pq.read_schema(data / "output" / f"{name}.parquet") == PAIRS


def test_triplets_with_the_query_itself_are_left_out_and_counted(data, capsys):
    itself = [("q1", "d1", "q1"), ("q2", "q2", "d2")]
    write_triplets(data / "triplets.parquet", [itself[0], *TRIPLETS, itself[1]])
    records = ({"id": each, "contents": "x"} for each in ("q1", "q2"))
    write_json_lines(data / "corpus" / "queries.jsonl", records)
    pairs, _, record = join(data, held_out=0, remove_query=True)
    assert pairs == EXPECTED
    assert record["removed_queries"] == 2
    assert "2 documents are the query itself, and left out" in capsys.readouterr().out
    pairs, _, record = join(data, held_out=0)
    assert len(pairs) == len(EXPECTED) + 4 and not record["removed_queries"]


def test_queries_are_held_out_whole_and_exactly_as_many_pairs_as_asked_for(data):
    pairs, held_out, record = join(data, held_out=150)
    assert len(held_out) == 150
    apart = {pair[0] for pair in held_out}
    assert [pair for pair in EXPECTED if pair[0] in apart] == held_out
    assert [pair for pair in EXPECTED if pair[0] not in apart] == pairs
    assert record["queries"] == {"train": QUERIES - len(apart), "held_out": len(apart), "shared": 0}


def test_never_more_pairs_are_held_out_than_asked_for(data):
    assert len(join(data, held_out=151)[1]) == 150
    with pytest.raises(UserError, match="every query has more than 1 pairs"):
        join(data, held_out=1)


def test_by_pair_exactly_as_many_are_drawn_and_queries_are_on_both_sides(data):
    pairs, held_out, record = join(data, held_out=151, by="pair")
    assert len(held_out) == 151
    assert Counter(pairs) + Counter(held_out) == Counter(EXPECTED)
    apart = {pair[0] for pair in held_out}
    shared = apart & {pair[0] for pair in pairs}
    assert record["queries"]["shared"] == len(shared) > 0
    assert 30 < sum(pair[4] for pair in held_out) < 121
    for part in (pairs, held_out):
        remaining = iter(EXPECTED)
        assert all(pair in remaining for pair in part), "not in the triplets' order"


@pytest.mark.parametrize("by", ["query", "pair"])
def test_another_seed_holds_out_others(data, by):
    first, again, other = (join(data, held_out=100, by=by, seed=seed)[1] for seed in (1, 1, 2))
    assert first == again
    assert len(set(first) & set(other)) < 80


def test_a_split_without_a_seed_can_be_repeated_from_its_record(data):
    _, held_out, record = join(data, held_out=100, seed=None)
    assert record["split"] == {"by": "query", "pairs": 100, "seed": record["split"]["seed"]}
    assert join(data, held_out=100, seed=record["split"]["seed"]) == (
        join(data, held_out=0)[0] and [pair for pair in EXPECTED if pair not in held_out],
        held_out,
        record,
    )
    assert join(data, held_out=100, seed=None)[1] != held_out


@pytest.mark.slow
@pytest.mark.parametrize("by", ["query", "pair"])
def test_the_bytes_are_the_same_on_any_number_of_threads_and_in_little_memory(
    data, by, monkeypatch
):
    """Enough rows for several threads and row groups, and more text than the least memory holds."""
    triplets = [
        (f"q{number % QUERIES}", f"d{number % 2000}", f"d{number * 7 % 2000}")
        for number in range(40_000)
    ]
    write_triplets(data / "triplets.parquet", triplets)
    # The reader of JSON lines alone takes 32 MiB a thread.
    (data / "corpus" / "documents.jsonl").unlink()
    columns = {"id": list(PASSAGES), "contents": list(PASSAGES.values())}
    pq.write_table(pa.table(columns), data / "corpus" / "documents.parquet")
    contents = set()
    for threads, memory in ((1, "1GiB"), (2, "1GiB"), (4, "1GiB"), (2, "48MiB")):
        monkeypatch.setattr("lionrank.collections.corpus.MEMORY", memory)
        pairs, held_out, _ = join(data, held_out=4800, by=by, threads=threads)
        contents.add(tuple(path.read_bytes() for path in sorted((data / "output").iterdir())))
    assert len(contents) == 1
    assert (len(pairs), len(held_out)) == (75_200, 4800)
    expected = [docid for _, *docids in triplets for docid in docids]
    for part in (pairs, held_out):
        remaining = iter(expected)
        assert all(pair[1] in remaining for pair in part), "not in the triplets' order"


def test_the_recorded_hash_is_that_of_the_rows_as_json_lines(data):
    pairs, held_out, record = join(data, held_out=100)
    for name, rows in (("train", pairs), ("held_out", held_out)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        assert record["sha256"][name] == hashlib.sha256(lines.encode()).hexdigest()


def test_as_many_held_out_as_there_are_pairs_are_refused(data):
    for by in ("query", "pair"):
        with pytest.raises(UserError, match=r"training_pairs\.held_out\.pairs: 1400 .* 1400 pairs"):
            join(data, held_out=len(EXPECTED), by=by)


def test_triplets_without_their_texts_are_refused_and_nothing_is_written(data):
    write_triplets(data / "triplets.parquet", [*TRIPLETS, ("q1", "d7", "x2"), ("q2", "x1", "x2")])
    with pytest.raises(UserError, match=r"corpus: 2 documents of .*triplets\.parquet .*'x2' first"):
        join(data, held_out=10)
    write_triplets(data / "triplets.parquet", [*TRIPLETS, ("x9", "d7", "d8"), ("x1", "d1", "d2")])
    with pytest.raises(
        UserError, match=r"topics\.tsv: 2 topics of .*triplets\.parquet .*'x9' first"
    ):
        join(data, held_out=10)
    assert list((data / "output").iterdir()) == []


def test_a_document_that_is_there_twice_is_refused(data):
    write_json_lines(data / "corpus" / "more.jsonl", [{"id": "d5", "contents": "another"}])
    with pytest.raises(UserError, match="document 'd5' appears twice"):
        join(data, held_out=10)


def test_files_that_are_no_triplets_are_refused(data):
    pq.write_table(pa.table({"query": ["q1"]}), data / "triplets.parquet")
    with pytest.raises(UserError, match=r"triplets\.parquet: missing columns: query_id"):
        join(data, held_out=0)
    write_triplets(data / "triplets.parquet", [])
    with pytest.raises(UserError, match=r"triplets\.parquet holds no triplet"):
        join(data, held_out=0)
    (data / "triplets.parquet").write_text("query_id\tpositive_id\tnegative_id\n")
    with pytest.raises(UserError, match=r"triplets\.parquet is damaged"):
        join(data, held_out=0)


def test_a_disk_that_is_full_leaves_what_was_there_before(data):
    """The operating system refuses files of more than 60 kB: the held-out part alone would fit."""
    join(data, held_out=200)
    before = {path.name: path.read_bytes() for path in (data / "output").iterdir()}
    assert len(before["held_out.parquet"]) < 60_000
    more = [(f"q{n % QUERIES}", f"d{n % 2000}", f"d{n * 7 % 2000}") for n in range(20_000)]
    write_triplets(data / "triplets.parquet", more)
    code = (
        "import resource, sys; from pathlib import Path; "
        "from tests.collections import test_join; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)); "
        "test_join.join(Path(sys.argv[1]), held_out=200)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, data],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "UserError: " in told.stderr
    assert "pairs.parquet could not be written (File too large)" in told.stderr
    assert {path.name: path.read_bytes() for path in (data / "output").iterdir()} == before


@pytest.mark.slow
def test_the_benchmark_finds_the_dictionary_way_of_the_same_content(tmp_path):
    """On small generated data; benchmarks/RESULTS.md has the full size."""
    told = subprocess.run(
        [
            *(sys.executable, ROOT / "benchmarks" / "join.py", "--folder", tmp_path),
            *("--passages", "30000", "--queries", "9000", "--triplets", "20000", "--repeats", "1"),
        ],
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    assert "30000 pairs and 10000 held out, the same" in told.stdout
    assert told.stdout.splitlines()[-1].startswith("ratio to dictionary: ")


EXAMPLES = [
    (
        f"q{number % QUERIES}",
        [
            (f"d{(number * 7 + place * 31) % 2000}", float(place == 0), 9.0 - place)
            for place in range(2 + number % 5)
        ],
    )
    for number in range(6000)
]


def join_lists(
    data: Path, examples, held_out: int = 100, by: str = "query", needs_relevant: Sequence[str] = ()
):
    """Join examples; return both parts as dictionaries, and the record."""
    write_ids(data / "ids.parquet", examples)
    files = [data / name for name in ("lists.parquet", "held_out.parquet", "record.json")]
    join_examples(
        *(data / "ids.parquet", data / "topics.tsv", data / "corpus"),
        held_out=held_out,
        held_out_by=by,
        seed=12,
        threads=2,
        needs_relevant=needs_relevant,
        **dict(zip(("data", "held_out_data", "record"), files, strict=True)),
    )
    lists, apart = (pq.read_table(path).to_pylist() for path in files[:2])
    return lists, apart, json.loads(files[2].read_text())


def expected(examples):
    return [
        {
            "query_id": qid,
            "passage_ids": [docid for docid, *_ in passages],
            "query": TOPICS[qid],
            "passages": [PASSAGES[docid] for docid, *_ in passages],
            "labels": [label for _, label, _ in passages],
            "scores": [score for *_, score in passages],
        }
        for qid, passages in examples
    ]


def test_an_example_becomes_a_row_with_its_passages_in_order(data):
    lists, apart, record = join_lists(data, EXAMPLES)
    held = {row["query_id"] for row in apart}
    assert lists == [row for row in expected(EXAMPLES) if row["query_id"] not in held]
    assert apart == [row for row in expected(EXAMPLES) if row["query_id"] in held]
    passages = sum(len(row["passages"]) for row in apart)
    assert 0 < passages <= 100 and record["passages"]["held_out"] == passages
    assert record["split"] == {"by": "query", "passages": 100, "seed": record["split"]["seed"]}
    assert record["scores"] == {"lowest": 4.0, "highest": 9.0}


def test_examples_are_held_out_whole(data):
    lists, apart, record = join_lists(data, EXAMPLES, by="pair")
    assert sorted(map(str, lists + apart)) == sorted(map(str, expected(EXAMPLES)))
    assert 90 < sum(len(row["passages"]) for row in apart) <= 100
    assert record["queries"]["shared"] > 0


def test_without_a_score_of_every_passage_there_is_none(data, capsys):
    some = [
        (qid, [(d, label, None if d == "d7" else 1.0) for d, label, _ in passages])
        for qid, passages in EXAMPLES[:20]
    ]
    lists, _, record = join_lists(data, some, held_out=10)
    assert "scores" not in lists[0] and record["scores"] is None
    assert "passages have no score" in capsys.readouterr().out


def test_nothing_need_be_held_out(data):
    lists, apart, _ = join_lists(data, EXAMPLES[:9], held_out=0)
    assert (lists, apart) == (expected(EXAMPLES[:9]), [])


ONE_SIDED = [
    ("q1", [("d1", 1.0, None), ("d2", 0.0, None)]),
    ("q2", [("d1", 0.0, None), ("d2", 0.0, None)]),
    ("q3", [("d1", 2.0, None), ("d2", 1.0, None)]),
    ("q4", [("d1", 0.0, None), ("d2", 3.0, None)]),
]


def test_examples_that_an_objective_cannot_compare_are_skipped_and_counted(data):
    lists, _, record = join_lists(data, ONE_SIDED, 0)
    assert len(lists) == 4 and record["skipped"] == 0
    lists, _, record = join_lists(data, ONE_SIDED, 0, needs_relevant=["infonce"])
    assert [each["query_id"] for each in lists] == ["q1", "q4"]
    assert record["skipped"] == 2
    assert record["passages"] == {"train": 4, "held_out": 0}


def test_data_of_which_most_would_be_skipped_are_refused(data):
    with pytest.raises(UserError, match=r"2 of 3 examples have no relevant passage.*A and B learn"):
        join_lists(data, ONE_SIDED[:3], 0, needs_relevant=["A", "B"])


def test_without_any_label_there_are_none(data):
    examples = [("q1", [("d1", None, 1.5), ("d2", None, -2.0)])]
    lists, _, _ = join_lists(data, examples, 0)
    assert "labels" not in lists[0] and lists[0]["scores"] == [1.5, -2.0]
    with pytest.raises(UserError, match="no passage has a label, and infonce learn"):
        join_lists(data, examples, 0, needs_relevant=["infonce"])
    with pytest.raises(UserError, match="1 of 4 passages have no label"):
        join_lists(data, [ONE_SIDED[0], ("q2", [("d1", 1.0, 1.0), ("d2", None, 1.0)])], 0)


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (("q9999", [("d1", 1.0, None)]), "1 topics of .*ids.parquet are missing, 'q9999' first"),
        (("q1", [("x7", 1.0, None)]), "1 documents of .*ids.parquet are missing, 'x7' first"),
    ],
)
def test_what_a_collection_lacks_is_refused_by_its_id(data, example, message):
    with pytest.raises(UserError, match=message):
        join_lists(data, [*ONE_SIDED, example], 0)


@pytest.mark.parametrize(
    ("by", "held_out", "told"),
    [
        ("query", 1, "every query has more than 1 passages; raise it"),
        ("example", 1, "an example has more than 1 passages; raise it"),
        ("query", 100, "100 held out of 34 passages leave none to train on; lower it"),
    ],
)
def test_a_number_held_out_that_cannot_be_is_named_by_the_key_of_the_data(data, by, held_out, told):
    with pytest.raises(UserError, match=rf"^training_data\.lists\.held_out\.passages: {told}"):
        join_lists(data, EXAMPLES[:9], held_out=held_out, by=by)
