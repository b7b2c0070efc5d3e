import io
import json
import math
from itertools import pairwise

import pandas as pd
import pytest

from lionrank import trec
from lionrank.evaluation import per_query
from lionrank.evaluation.changes import CUTOFF, EXAMPLES, changes, ranks, shares
from lionrank.paper.render import excerpt
from lionrank.paper.tables import changes as tables
from tests.support.papers import tex
from tests.support.rankings import best_files, draw, run_files
from tests.support.results import FAST, GRID


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("changes")
    draw(folder)
    return folder


def changes_in(folder, runs=None):
    return changes(
        per_query.read(folder / "results" / "per_query.parquet", best_files(folder)),
        GRID,
        "pydocs",
        run_files(folder) if runs is None else runs,
        trec.read_qrels(folder / "qrels.txt"),
        trec.read_topics(folder / "topics.tsv"),
        level=2,
        settings=FAST,
    )


@pytest.fixture(name="changed", scope="module")
def _changed(folder):
    return changes_in(folder)


def written_ranks(path):
    """Return the ranks that a run file has in its fourth column."""
    found = {}
    for line in path.read_text().splitlines():
        qid, _, docid, rank, *_ = line.split()
        found.setdefault(qid, {})[docid] = int(rank)
    return found


def sides(pair, folder):
    names = [f"{pair[side]['training']}_e{pair[side]['epoch']}" for side in ("left", "right")]
    return [written_ranks(folder / "results" / f"{name}.trec") for name in names]


def test_there_is_a_pair_a_model_at_the_epochs_that_development_data_chose(folder, changed):
    for model, pair in zip(GRID.models, changed["pairs"], strict=True):
        for side, optimizer in (("left", "lion"), ("right", "adamw")):
            name = f"{model.name}_{optimizer}"
            best = json.loads((folder / f"training/{name}.best.json").read_text())
            assert pair[side] == {"training": name, "epoch": best["epoch"]}


def test_the_shares_of_passages_add_up_to_the_difference_that_trec_eval_sees(folder, changed):
    qrels = trec.read_qrels(folder / "qrels.txt")
    for pair in changed["pairs"]:
        left, right = sides(pair, folder)
        assert len(pair["differences"]) == len(qrels)
        for each in pair["differences"]:
            qid = each["qid"]
            totals = [sum(shares(side[qid], qrels[qid]).values()) for side in (left, right)]
            assert totals == pytest.approx([each["left"], each["right"]], abs=1e-9)
            assert each["difference"] == pytest.approx(totals[0] - totals[1], abs=1e-9)


def test_wins_mean_and_interval_are_those_of_the_tested_comparison(folder, changed):
    compared = json.loads((folder / "results" / "comparisons.json").read_text())
    tested = [
        each
        for each in compared["contrasts"]
        if each["family"] == "optimizers" and each["test_set"] == "pydocs"
    ]
    for pair, contrast in zip(changed["pairs"], tested, strict=True):
        for key in ("difference", "low", "high", "wins", "ties", "losses"):
            assert pair[key] == pytest.approx(contrast[key], abs=1e-12)
        signs = [(d["difference"] > 0) - (d["difference"] < 0) for d in pair["differences"]]
        assert [signs.count(sign) for sign in (1, 0, -1)] == [
            pair[key] for key in ("wins", "ties", "losses")
        ]


def test_the_examples_are_the_largest_changes_in_each_direction(changed):
    for pair in changed["pairs"]:
        told = [example["difference"] for example in pair["examples"]]
        gains, losses = told[:EXAMPLES], told[EXAMPLES:]
        everything = sorted(each["difference"] for each in pair["differences"])
        assert gains == everything[::-1][:EXAMPLES]
        assert losses == everything[:EXAMPLES]


def test_an_example_tells_the_passages_that_moved_most_with_their_ranks(folder, changed):
    qrels = trec.read_qrels(folder / "qrels.txt")
    not_retrieved = 0
    for pair in changed["pairs"]:
        left, right = sides(pair, folder)
        for example in pair["examples"]:
            qid, judged = example["qid"], qrels[example["qid"]]
            told = example["passages"]
            for passage in told:
                assert passage["grade"] == judged[passage["docid"]]
                assert passage["rank_left"] == left[qid].get(passage["docid"])
                assert passage["rank_right"] == right[qid].get(passage["docid"])
                not_retrieved += None in (passage["rank_left"], passage["rank_right"])
            assert told
            assert all(abs(a["share"]) >= abs(b["share"]) for a, b in pairwise(told))
            rest = judged.keys() - {passage["docid"] for passage in told}
            after, before = shares(left[qid], judged), shares(right[qid], judged)
            assert all(abs(after[d] - before[d]) <= abs(told[-1]["share"]) + 1e-12 for d in rest)
            for side, found in (("left", left[qid]), ("right", right[qid])):
                top = [docid for docid, rank in found.items() if rank <= CUTOFF]
                relevant = sum(judged.get(docid, 0) >= 2 for docid in top)
                assert example[f"relevant_{side}"] == relevant
    assert not_retrieved


def test_no_run_file_but_those_of_the_chosen_epochs_is_read(folder, changed, tmp_path):
    chosen = {
        f"{pair[side]['training']}_e{pair[side]['epoch']}"
        for pair in changed["pairs"]
        for side in ("left", "right")
    }
    runs = {
        name: path if name in chosen else tmp_path / "absent"
        for name, path in run_files(folder).items()
    }
    assert changes_in(folder, runs) == changed


def test_the_share_of_a_passage_is_worked_out_by_hand():
    judged = {"a": 3, "b": 1, "c": -1}
    ideal = 3 + 1 / math.log2(3)
    found = shares({"b": 1, "c": 2, "a": 3}, judged)
    assert found == pytest.approx({"a": 3 / 2 / ideal, "b": 1 / ideal, "c": 0})
    assert shares({"a": 11}, judged) == dict.fromkeys(judged, 0.0)
    assert shares({"a": 1}, {"a": 0}) == {"a": 0.0}
    assert ranks({"a": 0.5, "b": 2.0, "c": -1.0}) == {"b": 1, "a": 2, "c": 3}


def test_two_optimizers_that_rank_alike_have_no_examples(tmp_path):
    draw(tmp_path)
    values = tmp_path / "results" / "per_query.parquet"
    table = per_query.pd.read_parquet(values)
    table["value"] = 0.5
    table.to_parquet(values)
    for pair in changes_in(tmp_path)["pairs"]:
        assert (pair["wins"], pair["losses"], pair["examples"]) == (0, 0, [])
        assert {each["difference"] for each in pair["differences"]} == {0}
    printed = tex("changes", tables.table(changes_in(tmp_path), GRID))
    assert printed.count("No topic differs.") == len(GRID.models)


def test_the_table_tells_ranks_from_adamw_to_lion(changed):
    rows = tex("changes", tables.table(changed, GRID)).splitlines()
    for pair in changed["pairs"]:
        for example in pair["examples"]:
            (cells,) = [
                row.removesuffix(r" \\").split(" & ")
                for row in rows
                if row.startswith(f"{excerpt(example['query'])} & {example['difference']:.4f} &")
                and row.endswith(
                    rf"{example['relevant_right']} $\rightarrow$ {example['relevant_left']} \\"
                )
            ]
            moved = cells[-2].split("; ")
            for passage, told in zip(example["passages"], moved, strict=True):
                old, new = (
                    "--" if rank is None else rf"\num{{{rank}}}"
                    for rank in (passage["rank_right"], passage["rank_left"])
                )
                assert told == rf"grade {passage['grade']}: {old} $\rightarrow$ {new}"


def test_the_csv_has_each_topic_of_the_table_with_what_moved(changed):
    table = pd.read_csv(io.StringIO(tables.table(changed, GRID).csv()))
    examples = [(pair, example) for pair in changed["pairs"] for example in pair["examples"]]
    assert len(table) == len(examples) > 0
    for line, (pair, example) in zip(table.itertuples(), examples, strict=True):
        model, optimizer = GRID.training(pair["right"]["training"]).labels
        assert (line.model, line.right_optimizer) == (model, optimizer)
        assert (line.left_epoch, line.right_epoch) == tuple(
            pair[side]["epoch"] for side in ("left", "right")
        )
        for key in ("qid", "query", "difference", "left", "right", "relevant_left"):
            assert getattr(line, key) == example[key]
        moved = line.moved.split(";")
        assert len(moved) == len(example["passages"])
        for told, passage in zip(moved, example["passages"], strict=True):
            old, new = (passage[f"rank_{side}"] or "none" for side in ("right", "left"))
            assert told == f"{passage['docid']} of grade {passage['grade']}: {old} to {new}"


def test_a_long_query_is_shown_by_its_beginning():
    assert excerpt("a  query\n") == "a query"
    assert excerpt("word " * 1000).startswith("word word")
    assert excerpt("w" * 10**6).endswith("w…")
    assert len(excerpt("w" * 10**6)) < 500
