"""Run files of others as first stages: what is taken of them, and what is said and counted."""

import gzip
import re
from pathlib import Path

import pytest

from lionrank import trec
from lionrank.errors import UserError
from lionrank.files import read_json, write_json_lines
from lionrank.retrieval.run_file import import_ranking

RUN = """\
q2 Q0 d3 0 12.5 splade-v3
q2 Q0 d1 1 0.5 splade-v3
q1 Q0 d1 0 3.25 splade-v3
q1 Q0 d2 1 3.25 splade-v3
q1 Q0 d3 2 -1 splade-v3
"""
NOTHING_LOST = {
    "topics": 2,
    "lines": 5,
    "cut": 0,
    "removed_queries": 0,
    "unknown_topics": 0,
    "unknown_documents": 0,
    "without_candidates": 0,
}


class Import:
    """A collection of three documents with two topics."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path, self.output = folder / "given.trec", folder / "splade.trec"
        documents = [{"id": f"d{number}", "contents": "text"} for number in (1, 2, 3)]
        write_json_lines(folder / "corpus" / "corpus.jsonl", documents)
        trec.write_topics(folder / "topics.tsv", {"q1": "one", "q2": "two"})

    def __call__(self, run: str | bytes, depth: int = 10, **how) -> list[str]:
        """Import a run file, and return the lines of what is made of it."""
        self.path.write_bytes(run if isinstance(run, bytes) else run.encode())
        topics, corpus, counts = map(self.folder.joinpath, ("topics.tsv", "corpus", "counts.json"))
        import_ranking(self.path, topics, corpus, depth, "splade", self.output, counts, 1, **how)
        return self.output.read_text().splitlines()

    def differs(self) -> dict[str, int]:
        """Return what the record counts otherwise than where nothing is lost."""
        counts = read_json(self.folder / "counts.json")
        assert counts.keys() == NOTHING_LOST.keys()
        return {key: number for key, number in counts.items() if number != NOTHING_LOST[key]}


@pytest.fixture
def imported(tmp_path) -> Import:
    return Import(tmp_path)


@pytest.mark.parametrize("pack", [str.encode, lambda run: gzip.compress(run.encode())])
def test_it_is_ranked_as_by_trec_eval_and_made_strict(imported, pack):
    assert imported(pack(RUN)) == [
        "q1 Q0 d2 1 3.25 splade",
        "q1 Q0 d1 2 3.2499998 splade",
        "q1 Q0 d3 3 -1.0 splade",
        "q2 Q0 d3 1 12.5 splade",
        "q2 Q0 d1 2 0.5 splade",
    ]
    assert imported.differs() == {}


def test_lines_beyond_the_depth_are_cut_by_score_and_then_id(imported, capsys):
    assert imported(RUN, depth=1) == ["q1 Q0 d2 1 3.25 splade", "q2 Q0 d3 1 12.5 splade"]
    assert imported.differs() == {"lines": 2, "cut": 3}
    assert "3 lines are beyond the depth of 1, and left out" in capsys.readouterr().out


def test_documents_that_the_collection_lacks_are_named_and_left_out_after_the_cut(imported, capsys):
    run = RUN.replace("q1 Q0 d2", "q1 Q0 d7").replace("q2 Q0 d3", "q2 Q0 d8")
    assert imported(run, depth=2) == ["q1 Q0 d1 1 3.2499998 splade", "q2 Q0 d1 1 0.5 splade"]
    assert imported.differs() == {"lines": 2, "cut": 1, "unknown_documents": 2}
    told = capsys.readouterr().out
    assert "2 documents of it are not in the collection, and left out: d7 d8" in told


def test_a_topic_of_such_documents_alone_is_named_and_counted(imported, capsys):
    run = RUN.replace("q2 Q0 d3", "q2 Q0 d8").replace("q2 Q0 d1", "q2 Q0 d9")
    assert {line.split()[0] for line in imported(run)} == {"q1"}
    assert imported.differs() == {"lines": 3, "unknown_documents": 2, "without_candidates": 1}
    told = capsys.readouterr().out
    assert "1 topics have no candidate, and score 0 if judged: q2" in told


def test_other_topics_are_left_out_and_missing_ones_named(imported, capsys):
    assert len(imported(RUN.replace("q2 ", "q9 "))) == 3
    assert imported.differs() == {"lines": 3, "unknown_topics": 1, "without_candidates": 1}
    told = capsys.readouterr().out
    assert "1 topics of it are not in the test set, and left out: q9" in told
    assert "1 topics of the test set have no document in it, and score 0 if judged: q2" in told


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (RUN.replace("q", "t"), r"given.trec and .*topics.tsv share no topic"),
        (RUN.replace("d", "msmarco_d"), r"given.trec and .*corpus share no document: .*msmarco_d1"),
        (RUN.replace("12.5", "1e39"), r"document 'd3' for topic 'q2' is 1e\+39, .* float32"),
        (RUN + "q1 Q0 d1 9 -9 other\n", r"given.trec:6: document 'd1' appears twice"),
    ],
)
def test_a_run_file_that_cannot_be_meant_is_refused(imported, run, told):
    with pytest.raises(UserError, match=re.compile(told)):
        imported(run)
    assert not imported.output.exists()


ITSELF = """\
q1 Q0 q1 1 9 t
q1 Q0 d1 2 8 t
q1 Q0 d2 3 7 t
q1 Q0 q2 4 6 t
q2 Q0 q2 1 5 t
q9 Q0 q9 1 5 t
"""


def test_the_query_itself_takes_no_place_of_the_depth(imported, capsys):
    assert imported(ITSELF, depth=2, remove_query=True) == [
        "q1 Q0 d1 1 8.0 splade",
        "q1 Q0 d2 2 7.0 splade",
    ]
    assert "2 documents are the query itself, and left out" in capsys.readouterr().out
    assert imported.differs() == {
        "lines": 2,
        "cut": 1,
        "removed_queries": 2,
        "unknown_topics": 1,
        "without_candidates": 1,
    }
    assert imported(ITSELF, depth=2) == ["q1 Q0 d1 1 8.0 splade"]


def test_a_run_file_of_nothing_but_the_queries_themselves_is_refused(imported):
    with pytest.raises(UserError, match=r"given.trec has no document but the query itself"):
        imported("q1 Q0 q1 1 9 t\nq2 Q0 q2 1 5 t\n", remove_query=True)
    assert not imported.output.exists()
