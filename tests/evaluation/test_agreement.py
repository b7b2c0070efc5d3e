"""Agreement with trec_eval 10.0 and with the definitions of MRR@10, to the last digit.

Values in this file were printed by trec_eval 10.0 itself, built from github.com/usnistgov/trec_eval
at f4253652, as `trec_eval -q -m official -m recall.10,100,1000 -m ndcg_cut.10` with -c and -l.
"""

import random
import subprocess
from pathlib import Path
from statistics import mean

import numpy as np
import pytest

from lionrank import trec
from lionrank.collections.readers.marco_qa import MarcoQa
from lionrank.errors import UserError
from lionrank.evaluation import trec_eval as evaluation
from tests.support import published_facts
from tests.support.marco_qa import marco_qa

JUDGEMENTS, RUN, PRINTED = (f"trec_eval/{name}.tsv" for name in ("judgements", "run", "expected"))


def printed(qrels: Path, run: Path, level: int, complete: bool) -> list[str]:
    ranking, tag = trec.read_run(run)
    values = evaluation.evaluate(trec.read_qrels(qrels), ranking, level, complete)
    return evaluation.to_text(values, tag).splitlines()


def lines_of(*rows: str) -> str:
    return "".join(f"{row}\n" for row in rows)


def write_files(folder: Path, judged: str, complete: bool) -> tuple[Path, Path]:
    """Write qrels and a run file of trec_eval's own; with -c it has the run results.trunc."""
    grades = (
        f"{row['topic']} 0 {row['docid']} {row[judged]}" for row in published_facts.rows(JUDGEMENTS)
    )
    found = [
        row for row in published_facts.rows(RUN) if not complete or row["results.trunc"] == "1"
    ]
    ranks = ("{topic} Q0 {docid} {rank} {score} STANDARD".format(**row) for row in found)
    (folder / "qrels").write_text(lines_of(*grades))
    (folder / "run").write_text(lines_of(*ranks))
    return folder / "qrels", folder / "run"


def expected(column: str) -> list[str]:
    """Return the lines that trec_eval printed into a file, in its columns."""
    return [
        f"{row['measure']:<22}\t{row['topic']}\t{row[column]}"
        for row in published_facts.rows(PRINTED)
    ]


@pytest.mark.parametrize(
    ("column", "judged", "level", "complete"),
    [
        ("out.test.aq", "qrels.test", 1, False),
        # Its run has all of topic 301, a part of 303 and none of 302.
        ("out.test.aqc", "qrels.test", 1, True),
        ("out.test.aql", "qrels.rel_level", 2, False),
    ],
)
def test_every_value_is_that_of_trec_evals_own_files(tmp_path, column, judged, level, complete):
    files = write_files(tmp_path, judged, complete)
    assert printed(*files, level, complete) == expected(column)


def test_the_command_prints_what_trec_eval_prints(tmp_path):
    files = write_files(tmp_path, "qrels.rel_level", complete=False)
    command = ["lionrank", "evaluate", "--level", "2", *files]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == expected("out.test.aql")


def values(tmp_path, qrels: str, run: str, level: int = 1, complete: bool = False) -> dict:
    """Return what is printed for qrels and a run file: (measure, qid) -> value, as text."""
    (tmp_path / "qrels").write_text(qrels)
    (tmp_path / "run").write_text(run)
    rows = printed(tmp_path / "qrels", tmp_path / "run", level, complete)
    return {(measure, qid): value for measure, qid, value in map(str.split, rows)}


def test_tied_scores_are_ordered_by_docid_falling(tmp_path):
    run = lines_of("q Q0 a 1 2 t", "q Q0 c 2 2 t", "q Q0 b 3 2 t")
    assert values(tmp_path, "q 0 a 1\n", run)["recip_rank", "q"] == "0.3333"
    assert values(tmp_path, "q 0 c 1\n", run)["recip_rank", "q"] == "1.0000"


def test_scores_that_only_doubles_tell_apart_do_not_tie(tmp_path):
    """trec_eval 9.0.8, which pytrec_eval is built on, prints 0.5000."""
    run = lines_of("q Q0 a 1 12.000000002 t", "q Q0 b 2 12.000000001 t")
    assert values(tmp_path, "q 0 a 1\n", run)["recip_rank", "q"] == "1.0000"


def test_docids_are_ordered_by_their_bytes(tmp_path):
    run = lines_of("q Q0 é 1 1 t", "q Q0 z 1 1 t", "q Q0 Z 1 1 t", "q Q0 € 1 1 t")
    assert values(tmp_path, "q 0 z 1\n", run)["recip_rank", "q"] == "0.3333"


def test_interpolated_precision_rounds_the_recall_asked_for_to_the_nearest_document(tmp_path):
    """Of 4 relevant documents, 0.3 asks for one and 0.4 for two; for 9.0.8 both ask for two."""
    qrels = "".join(f"q 0 d{n} 1\n" for n in (1, 4, 9, 10))
    run = "".join(f"q Q0 d{n} {n} {-n} t\n" for n in range(1, 10))
    told = values(tmp_path, qrels, run)
    assert [told[f"iprec_at_recall_{tenth / 10:.2f}", "q"] for tenth in range(11)] == [
        *["1.0000"] * 4,
        *["0.5000"] * 3,
        *["0.3333"] * 2,
        *["0.0000"] * 2,
    ]


def test_a_negative_grade_is_not_judged_and_a_document_without_one_is_not_relevant(tmp_path):
    qrels = lines_of("q 0 a -1", "q 0 b 2", "q 0 c 0", "q 0 d 1")
    run = lines_of("q Q0 a 1 5 t", "q Q0 c 2 4 t", "q Q0 x 3 3 t", "q Q0 b 4 2 t")
    told = values(tmp_path, qrels, run)
    assert {measure: told[measure, "q"] for measure in ("num_ret", "num_rel", "num_rel_ret")} == {
        "num_ret": "4",
        "num_rel": "2",
        "num_rel_ret": "1",
    }
    expected = {"map": "0.1250", "bpref": "0.0000", "P_5": "0.2000", "ndcg_cut_10": "0.3274"}
    assert {measure: told[measure, "q"] for measure in expected} == expected


def test_bpref_counts_what_was_judged_not_relevant_alone(tmp_path):
    qrels = lines_of("q 0 a -1", "q 0 b 1", "q 0 c 0", "q 0 d 1", "q 0 e 0")
    run = lines_of("q Q0 a 1 5 t", "q Q0 x 2 4 t", "q Q0 b 3 3 t", "q Q0 c 4 2 t", "q Q0 d 5 1 t")
    assert values(tmp_path, qrels, run)["bpref", "q"] == "0.7500"


def test_a_topic_whose_grades_are_all_negative_is_named(tmp_path):
    """trec_eval stops without a reason, pytrec_eval with all of Python."""
    with pytest.raises(UserError, match="all grades of 1 topics are negative, 'q' first"):
        values(tmp_path, lines_of("q 0 a -1", "q 0 b -2"), "q Q0 a 1 1 t\n")


COMPLETE = [
    *("q1 0 a 1", "q1 0 b 2", "q2 0 a 1", "q2 0 c 3"),
    *("q1 Q0 a 1 5 t", "q1 Q0 b 2 4 t", "q9 Q0 c 1 1 t2"),
]


def test_a_topic_that_the_run_lacks_is_printed_and_counts_as_zero_with_complete(tmp_path):
    told = values(tmp_path, lines_of(*COMPLETE[:4]), lines_of(*COMPLETE[4:]), 2, complete=True)
    assert told["num_ret", "q2"] == "0"
    assert told["num_rel", "q2"] == "1"
    assert told["ndcg_cut_10", "q2"] == "0.0000"
    expected = {
        "runid": "t2",
        "num_q": "2",
        "num_ret": "2",
        "num_rel_ret": "1",
        "map": "0.2500",
        "gm_map": "0.0022",
        "recip_rank": "0.2500",
        "P_5": "0.1000",
        "recall_10": "0.5000",
        "ndcg_cut_10": "0.4299",
        "iprec_at_recall_1.00": "0.2500",
    }
    assert {measure: told[measure, "all"] for measure in expected} == expected


def test_with_complete_the_sum_of_relevant_documents_is_of_all_grades_above_zero(tmp_path):
    """So trec_eval counts, with -l 2 too; each topic's own number is of grades of at least 2."""
    told = values(tmp_path, lines_of(*COMPLETE[:4]), lines_of(*COMPLETE[4:]), 2, complete=True)
    assert (told["num_rel", "q1"], told["num_rel", "q2"], told["num_rel", "all"]) == ("1", "1", "4")


def test_topics_that_the_run_lacks_or_nobody_judged_are_left_out_without_complete(tmp_path):
    told = values(tmp_path, lines_of(*COMPLETE[:4]), lines_of(*COMPLETE[4:]), 2)
    assert {qid for _, qid in told} == {"q1", "all"}
    assert (told["num_q", "all"], told["num_rel", "all"]) == ("1", "1")
    assert told["map", "all"] == "0.5000"


def test_means_are_added_up_in_the_order_of_topics_as_c_does(tmp_path):
    """The exact mean of these values of P_5 is printed as 0.4188."""
    qrels, run = "", ""
    for topic, relevant in enumerate("03540052140130114342333200051331"):
        for rank in range(1, 6):
            qrels += f"{topic:02} 0 d{rank} {int(rank <= int(relevant))}\n"
            run += f"{topic:02} Q0 d{rank} {rank} {9 - rank} t\n"
    assert values(tmp_path, qrels, run)["P_5", "all"] == "0.4187"


def test_topics_are_sorted_as_text(tmp_path):
    qrels = lines_of(*(f"{qid} 0 a 1" for qid in ("9", "10", "1", "é", "z")))
    run = lines_of(*(f"{qid} Q0 a 1 1 t" for qid in ("z", "é", "10", "9", "1")))
    topics = [qid for _, qid in values(tmp_path, qrels, run)]
    assert list(dict.fromkeys(topics)) == ["1", "10", "9", "z", "é", "all"]


def mrr_at_10(values: evaluation.PerQuery) -> float:
    return mean(evaluation.value_of(measures, "recip_rank_10") for measures in values.values())


@pytest.mark.parametrize("seed", range(5))
def test_mrr_is_that_of_ms_marco_passage_ranking(tmp_path, seed):
    """1/rank of the first relevant passage among ten, its mean over all judged queries."""
    draw = random.Random(seed)
    qrels, run = {}, {}
    for query in range(200):
        passages = [f"p{number}" for number in draw.sample(range(10_000), 30)]
        qrels[f"{query}"] = dict.fromkeys(draw.sample(passages, draw.choice([1, 1, 1, 2])), 1)
        if draw.random() < 0.9:
            candidates = draw.sample(passages, draw.choice([5, 10, 30]))
            run[f"{query}"] = {docid: draw.gauss(0, 5) for docid in candidates}
    total = 0.0
    for query, relevant in qrels.items():
        scores = run.get(query, {})
        ranking = sorted(scores, key=scores.__getitem__, reverse=True)
        ranks = [rank for rank, docid in enumerate(ranking, 1) if docid in relevant and rank <= 10]
        total += 1 / ranks[0] if ranks else 0
    trec.write_run(tmp_path / "run", run, "t")
    written, _ = trec.read_run(tmp_path / "run")
    ours = mrr_at_10(evaluation.evaluate(qrels, written, level=1, complete=True))
    assert ours == pytest.approx(total / 200, rel=1e-14)
    assert 0.05 < ours < 0.6


def test_mrr_is_that_of_the_authors_on_the_qa_data(tmp_path):
    """Queries without a selected passage count, as do those with two or with no passage at all."""
    draw = np.random.default_rng(1)
    queries, theirs, run = [], [], {}
    for query in range(300):
        count = int(draw.integers(1, 13)) if query else 0
        grades = (draw.random(count) < draw.choice([0, 0.1, 0.3])).astype(int)
        scores = draw.normal(size=count).astype(np.float32)
        queries.append((query, "q", [f"passage {n}" for n in range(count)], grades.tolist()))
        hits = np.flatnonzero(grades[np.argsort(scores)[::-1]][:10])
        theirs.append(1 / (hits[0] + 1) if hits.size else 0.0)
        if count:
            run[f"{query}"] = {f"{query}_{n}": score for n, score in enumerate(scores)}
    collection = MarcoQa(marco_qa(tmp_path / "source", *queries)["marco_qa"])
    trec.write_qrels(tmp_path / "qrels", collection.qrels("validation"))
    trec.write_run(tmp_path / "run", run, "t")
    qrels, (written, _) = trec.read_qrels(tmp_path / "qrels"), trec.read_run(tmp_path / "run")
    per_query = evaluation.evaluate(qrels, written, level=1, complete=True)
    assert len(per_query) == 300
    assert 30 < sum(not any(judged.values()) for judged in qrels.values()) < 270
    assert mrr_at_10(per_query) == pytest.approx(mean(theirs), rel=1e-14)
