"""The tables of averages: what is read back of each test set, and how many of them are won."""

import csv
import io
import re
from dataclasses import replace

import pytest

from lionrank.grid import VARIOUS, FirstStage
from lionrank.measures import Measure
from lionrank.paper.tables import averages as tables
from tests.support.papers import relation, rows_of, tex
from tests.support.results import (
    AVERAGED,
    AVERAGED_AT_BEST,
    AVERAGED_SETS,
    BESIDE_OTHERS,
    GRID,
    LEARNING,
    TUNED,
    Experiment,
    experiment,
    made_up_scores,
)

NUMBER = re.compile(r"-?0\.\d{4}")


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory) -> Experiment:
    folder = tmp_path_factory.mktemp("averaged")
    return experiment(folder, made_up_scores(2), GRID, AVERAGED, shuffled=True, spread=0.003)


def cells(table: str) -> list[list[str]]:
    """Return the cells of the rows of scores, as numbers read back."""
    return [[found[0] for cell in row if (found := NUMBER.search(cell))] for row in rows_of(table)]


def test_every_system_is_on_every_test_set_of_each_average(made):
    table = tables.by_set(made.results, GRID, made.chosen)
    written = list(csv.DictReader(io.StringIO(table.csv())))
    assert [(row["average"], row["metric"], row["test_set"]) for row in written] == [
        *(("ranked", "ndcg_cut_10", name) for name in ("pydocs", "more", "ranked")),
        *(("ranked", "map", name) for name in ("pydocs", "more", "ranked")),
        *(("whole", "ndcg_cut_10", name) for name in ("pydocs", "given", "more", "whole")),
    ]
    assert [row["topics"] for row in written[:3]] == ["24", "8", "32"]
    for row in written:
        level = {"pydocs": 1, "given": 1, "more": 2}.get(row["test_set"])
        measure = Measure(row["test_set"], row["metric"], level if row["metric"] == "map" else None)
        for training in GRID.trainings():
            system = training.checkpoint(made.chosen[training.name])
            score = made.results.scores[measure][system]
            assert float(row[training.name]) == score.mean
            assert float(row[f"{training.name}_low"]) == score.low
    # An average is that of the rows of its sets.
    for start, sets in ((0, 2), (3, 2), (6, 3)):
        *single, average = written[start : start + sets + 1]
        for name in made.chosen:
            mean = sum(float(row[name]) for row in single) / sets
            assert float(average[name]) == pytest.approx(mean, abs=1e-4)


def test_the_printed_scores_are_those_of_the_csv_and_the_best_of_each_test_set_is_bold(made):
    table = tables.by_set(made.results, GRID, made.chosen)
    printed = rows_of(tex("sets", table))
    # More systems than test sets: systems are below each other.
    names = ["bm25", *made.chosen]
    written = list(csv.DictReader(io.StringIO(table.csv())))
    for block, (start, sets) in enumerate(((0, 3), (3, 3), (6, 4))):
        lines = printed[block * len(names) : (block + 1) * len(names)]
        for place, row in enumerate(written[start : start + sets], start=1):
            column = [line[place] for line in lines]
            scores = [row[name] for name in names]
            assert [cell.split()[-1] for cell in column] == [
                f"{float(score):.4f}" if score else "{--}" for score in scores
            ]
            top = max(float(score) for score in scores if score)
            assert [r"\bfseries" in cell for cell in column] == [
                bool(score) and float(score) == top for score in scores
            ]


def test_of_few_systems_the_test_sets_are_below_each_other(tmp_path):
    few = GRID.build(
        {"minilm": {"label": "MiniLM", "start": "pretrained"}}, {"adamw": "AdamW"}, (1, 2)
    )
    made = experiment(tmp_path, made_up_scores(1, few), few, AVERAGED)
    lines = rows_of(tex("sets", tables.by_set(made.results, few, made.chosen)))
    heads = [["pydocs", r"\num{24}"], ["More", r"\num{8}"], ["Ranked \\", "Averaged"]]
    assert [line[:2] for line in lines[:3]] == heads
    assert len(lines[0]) == 2 + 2


def test_a_system_without_results_on_a_test_set_has_a_dash_there_and_in_the_average(tmp_path):
    scores = made_up_scores(3, BESIDE_OTHERS)
    made = experiment(tmp_path, scores, BESIDE_OTHERS, AVERAGED)
    rows = tables.by_set(made.results, BESIDE_OTHERS, made.chosen).rows
    by_set = {row["test_set"]: row["splade"] for row in rows if row["average"] == "whole"}
    assert by_set["pydocs"] is not None
    assert [by_set[name] for name in ("given", "more", "whole")] == [None] * 3


def test_the_wins_are_those_of_the_means_on_each_test_set(made):
    written = list(csv.DictReader(io.StringIO(tables.wins(made.compared, AVERAGED, GRID).csv())))
    printed = rows_of(tex("wins", tables.wins(made.compared, AVERAGED, GRID)))
    assert len(written) == len(printed) == (3 + 6 + 6) + (3 + 6)
    assert {row["family"] for row in written if row["test_set"] == "whole"} == {
        "optimizers",
        "models",
    }
    trained = {labels: each.name for each in GRID.trainings() for labels in [each.labels]}
    counted = 0
    for row, line in zip(written, printed, strict=True):
        sets = AVERAGED_SETS[row["test_set"]]["test_sets"]
        sides = [
            trained.get((row[f"{side}_model"], row[f"{side}_optimizer"]), "bm25")
            for side in ("left", "right")
        ]
        systems = [
            f"{name}_e{made.chosen[name]}" if name in made.chosen else name for name in sides
        ]
        words = [
            relation(*(made.results.mean(Measure(name, row["metric"]), each) for each in systems))
            for name in sets
        ]
        counts = [words.count(word) for word in ("above", "level with", "below")]
        assert [int(row[key]) for key in ("above", "level", "below")] == counts
        assert [line[6], line[8], line[9]] == [str(count) for count in counts]
        assert [line[7], line[10]] == [f"({row['sig_above']})", f"({row['sig_below']})"]
        assert int(row["sig_above"]) <= counts[0] and int(row["sig_below"]) <= counts[2]
        assert float(NUMBER.search(line[3])[0]) == pytest.approx(
            float(row["difference"]), abs=5.001e-5
        )
        counted += int(row["sig_above"]) + int(row["sig_below"])
    assert counted > 0


def test_where_nothing_was_compared_by_an_average_no_wins_are_told(made):
    contrasts = [each for each in made.compared["contrasts"] if each["test_set"] == "pydocs"]
    table = tables.wins(made.compared | {"contrasts": contrasts}, AVERAGED, GRID)
    assert table.csv() == "" and "tabular" not in tex("wins", table)


def test_a_chosen_epoch_is_averaged_where_some_test_sets_have_it_alone(tmp_path):
    made = experiment(tmp_path, made_up_scores(4), GRID, AVERAGED_AT_BEST)
    rows = {
        row["test_set"]: row
        for row in tables.by_set(made.results, GRID, made.chosen).rows
        if (row["average"], row["metric"]) == ("whole", "ndcg_cut_10")
    }
    for training in GRID.trainings():
        whole = made.results.scores[Measure("whole", "ndcg_cut_10")]
        chosen = training.checkpoint(made.chosen[training.name])
        assert {*training.checkpoints()} & whole.keys() == {chosen}
        mean = sum(rows[name][training.name] for name in ("pydocs", "given", "more")) / 3
        assert rows["whole"][training.name] == pytest.approx(mean, abs=1e-4)
    wins = tables.wins(made.compared, AVERAGED_AT_BEST, GRID)
    assert len(wins.rows) == (3 + 6 + 6) + (3 + 6)


def test_test_sets_of_several_first_stages_have_each_its_own_and_the_average_their_mean(tmp_path):
    ranked = {"pydocs": FirstStage("bm25", "BM25"), "more": FirstStage("dense", "Dense")}
    ranked |= {"ranked": VARIOUS}
    grid = replace(GRID, first_stages=ranked)
    scores = made_up_scores(5) | {"bm25": 0.2, "dense": 0.25}
    made = experiment(tmp_path, scores, grid, AVERAGED)
    table = tables.by_set(made.results, grid, made.chosen)
    for average, expected in (("ranked", [0.2, 0.25, 0.225]), ("whole", [0.2, None, 0.25, None])):
        measured = [row for row in table.rows if row["average"] == average]
        of_first = [row["first_stage"] for row in measured if row["metric"] == "ndcg_cut_10"]
        assert of_first == expected
    assert "First stage & 0.2000 & 0.2500 & 0.2250" in tex("sets", table)
    assert "First stage & 0.2000 & {--} & 0.2500 & {--}" in tex("sets", table)
    wins = [row for row in tables.wins(made.compared, AVERAGED, grid).rows if row["sets"] == 2]
    assert [row["right_model"] for row in wins if row["family"] == "first_stage"] == [
        VARIOUS.label
    ] * len(made.chosen)


@pytest.mark.parametrize("grid", [LEARNING, TUNED], ids=["learning", "tuned"])
def test_the_wins_of_each_family_that_is_compared_stand_under_its_head(tmp_path, grid):
    made = experiment(tmp_path, made_up_scores(3, grid), grid, AVERAGED)
    wins = tables.wins(made.compared, AVERAGED, grid)
    compared = {(row["family"], row["test_set"], row["metric"]) for row in wins.rows}
    assert tex("wins", wins).count(r"\emph{") == len(compared)
    assert ({"objectives", "data"} if grid is LEARNING else {"tuning"}) <= {
        each[0] for each in compared
    }
