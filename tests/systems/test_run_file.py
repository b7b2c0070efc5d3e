"""Run files of other tools: what becomes of them, and what is said of what they lack."""

import gzip
import re
from pathlib import Path

import pandas as pd
import pytest

from lionrank import trec
from lionrank.errors import UserError
from lionrank.evaluation import trec_eval as evaluation
from lionrank.files import write_json_lines
from lionrank.parquet import CANDIDATES
from lionrank.systems.run_file import import_run

RUN = """\
q2 Q0 d3 1 12.5 other
q2 Q0 d1 2 0.5 other
q1 Q0 d1 1 3.25 other
q1 Q0 d2 2 3.25 other
q1 Q0 d3 3 -1 other
"""


class Import:
    """A collection of three documents, with two topics and BM25's candidates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path, self.output = folder / "given.trec", folder / "results" / "splade.trec"
        documents = [{"id": f"d{number}", "contents": "text"} for number in (1, 2, 3)]
        write_json_lines(folder / "corpus" / "corpus.jsonl", documents)
        trec.write_topics(folder / "topics.tsv", {"q1": "one", "q2": "two"})
        self.candidates([("q1", "d1"), ("q1", "d2"), ("q1", "d3"), ("q2", "d1"), ("q2", "d3")])

    def candidates(self, pairs: list[tuple[str, str]]) -> None:
        rows = [(qid, docid, 1, 1.0, "query", "passage") for qid, docid in pairs]
        pd.DataFrame(rows, columns=CANDIDATES.names).to_parquet(self.folder / "candidates.parquet")

    def __call__(self, run: str | bytes, depth: int = 10, **how) -> list[str]:
        """Import a run file, and return the lines of what is made of it."""
        self.path.write_bytes(run if isinstance(run, bytes) else run.encode())
        files = [self.path, *map(self.folder.joinpath, ("topics.tsv", "corpus"))]
        candidates = self.folder / "candidates.parquet"
        import_run(*files, candidates, depth, "splade", self.output, threads=1, **how)
        return self.output.read_text().splitlines()


@pytest.fixture
def imported(tmp_path) -> Import:
    return Import(tmp_path)


def test_topics_are_those_of_the_test_set_ranks_and_scores_strict_and_the_tag_the_systems(
    imported, capsys
):
    assert imported(RUN) == [
        "q1 Q0 d2 1 3.25 splade",
        "q1 Q0 d1 2 3.2499998 splade",
        "q1 Q0 d3 3 -1.0 splade",
        "q2 Q0 d3 1 12.5 splade",
        "q2 Q0 d1 2 0.5 splade",
    ]
    told = capsys.readouterr().out
    assert "tag 'other', now 'splade'" in told
    assert "1 documents have the score of the one above" in told
    assert len(told.splitlines()) == 2


def test_a_packed_run_file_gives_the_same(imported):
    plain = imported(RUN)
    assert imported(gzip.compress(RUN.encode())) == plain


def test_a_run_file_that_was_made_here_stays_as_it_is_but_for_the_tag(imported):
    made = imported(RUN)
    assert imported("\n".join(made)) == made


def test_measures_are_those_of_the_file_as_it_came_whatever_ties(imported):
    # The last two differ, and would not in float32.
    scores = ["2", "2", "0.5", "2", "0.30000000000000004", "0.3"]
    documents = ["d1", "d3", "d2", "é", "d10", "d9"]
    for level in (1, 2):
        for relevant in documents:
            qrels = {"q1": dict.fromkeys(documents, 0) | {relevant: 2}}
            lines = zip(documents, scores, strict=True)
            imported("".join(f"q1 Q0 {docid} 0 {score} t\n" for docid, score in lines))
            before, after = (
                evaluation.evaluate(qrels, trec.read_run(path)[0], level, complete=True)
                for path in (imported.path, imported.output)
            )
            assert before == after


def test_what_is_beyond_the_depth_is_cut_by_score_and_counted(imported, capsys):
    assert imported(RUN.replace(" -1 ", " 9 ").replace("d3 3", "d3 0"), depth=2) == [
        "q1 Q0 d3 1 9.0 splade",
        "q1 Q0 d2 2 3.25 splade",
        "q2 Q0 d3 1 12.5 splade",
        "q2 Q0 d1 2 0.5 splade",
    ]
    assert "1 lines are beyond the depth of 2, and left out" in capsys.readouterr().out


def test_other_topics_are_left_out_and_missing_ones_named(imported, capsys):
    [*_, last] = imported(RUN.replace("q2 ", "q9 "))
    assert last == "q1 Q0 d3 3 -1.0 splade"
    told = capsys.readouterr().out
    assert "1 topics of it are not in the test set, and left out: q9" in told
    assert "1 topics of the test set have no document in it, and score 0 if judged: q2" in told


def test_documents_that_no_candidate_is_stay_and_are_counted(imported, capsys):
    imported.candidates([("q1", "d1"), ("q2", "d1"), ("q2", "d2")])
    assert len(imported(RUN)) == 5
    assert "3 of its 5 ranks have no candidate" in capsys.readouterr().out


def test_documents_that_the_collection_lacks_stay_and_are_named(imported, capsys):
    imported.candidates([("q1", "d1"), ("q1", "d2"), ("q2", "d1"), ("q2", "d3")])
    assert len(imported(RUN.replace("q1 Q0 d3", "q1 Q0 d7"))) == 5
    told = capsys.readouterr().out
    assert "1 documents of it are not in the collection, and stay where they are: d7" in told


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (RUN.replace("q", "t"), r"given.trec and .*topics.tsv share no topic"),
        (RUN.replace("d", "msmarco_d"), r"given.trec and .*corpus share no document: .*msmarco_d1"),
        (RUN.replace("12.5", "1e39"), r"document 'd3' for topic 'q2' is 1e\+39, .* float32"),
        (RUN.replace("12.5", "inf"), r"given.trec:1: score 'inf' is not a finite number"),
        (RUN + "q1 Q0 d1 9 -9 other\n", r"given.trec:6: document 'd1' appears twice"),
        ("q1 d1 3.5\n", r"given.trec:1: expected 6 columns"),
    ],
)
def test_a_run_file_that_cannot_be_meant_is_refused(imported, run, told):
    with pytest.raises(UserError, match=re.compile(told)):
        imported(run)
    assert not imported.output.exists()


def test_the_query_itself_takes_no_place_of_the_depth_where_it_is_left_out(imported, capsys):
    lines = "q1 Q0 q1 1 9 t\nq1 Q0 d1 2 8 t\nq1 Q0 q2 3 7 t\n"
    assert imported(lines, depth=1, remove_query=True) == ["q1 Q0 d1 1 8.0 splade"]
    assert "1 documents are the query itself, and left out" in capsys.readouterr().out
    assert imported(lines, depth=2)[0] == "q1 Q0 q1 1 9.0 splade"


def test_a_topic_with_no_document_but_the_query_itself_is_named(imported, capsys):
    imported("q1 Q0 d1 1 9 t\nq2 Q0 q2 1 5 t\n", remove_query=True)
    told = capsys.readouterr().out
    assert "1 topics of the test set have no document in it, and score 0 if judged: q2" in told
