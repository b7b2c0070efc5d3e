"""What the paper says, and its tables show, of trainings with several seeds."""

import csv
import io
import re
from dataclasses import replace
from statistics import fmean, stdev

import pytest

from lionrank.evaluation.per_query import System
from lionrank.grid import BEST
from lionrank.measures import PRIMARY
from lionrank.paper.measured import over_seeds
from lionrank.paper.tables import averages, learnt, results
from tests.support.logs_and_costs import efficiency_of
from tests.support.papers import OBJECTIVES, facts_of, prose, tex
from tests.support.results import (
    AT_BEST,
    AVERAGED,
    BESIDE_OTHERS,
    GRID,
    LEARNING,
    made_up_scores,
)
from tests.support.results import experiment as made_up
from tests.support.truths import check
from tests.support.worlds import WITH_SEEDS, build

SEEDS = (12, 13, 14)
SD = re.compile(r"([01]\.\d{4})\{\\,\\normalfont\\scriptsize\$\\pm\$\\num\{(0\.\d{4})\}\}")


def rows_of(table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.csv())))


@pytest.fixture(params=WITH_SEEDS, name="world", scope="module")
def _world(request, tmp_path_factory):
    return build(request.param, tmp_path_factory.mktemp("world"))


def test_every_claim_is_what_the_tables_say_and_its_words_agree(world):
    for claim in world.said:
        check(claim, world)
    found = world.said.find("count", what="seeds with lion above adamw")
    assert [claim.total for claim in found] == [len(world.grid.seeds)] * len(GRID.models)


def test_a_row_has_the_mean_and_the_deviation_of_the_epochs_that_the_seeds_chose(tmp_path):
    made = made_up(tmp_path, made_up_scores(1), seeds=SEEDS)
    rows = rows_of(results.table(made.results, made.grid, made.chosen))
    of_trainings = [row for row in rows if row["epoch"]]
    assert [row["epoch"] for row in of_trainings] == [*"123", "chosen"] * 6
    primary = made.results.layout.primary
    chosen = [row for row in rows if row["epoch"] == "chosen"]
    for training, row in zip(made.grid.trainings(), chosen, strict=True):
        of_seeds = [each.mean(primary, System(training.name)) for each in made.per_query.replicates]
        assert float(row[f"pydocs_{PRIMARY}"]) == pytest.approx(fmean(of_seeds), abs=5.1e-5)
        assert float(row[f"pydocs_{PRIMARY}_sd"]) == pytest.approx(stdev(of_seeds), abs=5.1e-5)


def test_deviations_are_printed_behind_the_means_of_trainings_alone(tmp_path):
    made = made_up(tmp_path, made_up_scores(2, BESIDE_OTHERS), BESIDE_OTHERS, seeds=SEEDS)
    table = results.table(made.results, made.grid, made.chosen)
    with_deviations = [line for line in tex("results", table).splitlines() if SD.search(line)]
    assert len(with_deviations) == 4 * 4
    assert all(
        len(SD.findall(line)) == len(made.results.layout.columns) for line in with_deviations
    )
    assert r"$^\dagger$" not in tex("results", table)


def test_with_one_seed_no_deviation_and_no_row_is_added(tmp_path):
    made = made_up(tmp_path, made_up_scores(1))
    table = results.table(made.results, made.grid, made.chosen)
    assert "pm" not in tex("results", table) and "_sd" not in table.csv()
    text = prose(facts_of(made))
    assert "Between seeds" not in text and "Standard Deviation" not in text


def test_the_best_value_of_a_column_is_that_of_the_highest_mean(tmp_path):
    made = made_up(tmp_path, made_up_scores(4), seeds=SEEDS)
    for row in results.table(made.results, made.grid, made.chosen).rows:
        for column in made.results.layout.columns:
            top = max(each.mean for each in made.results.scores[column].values())
            name = f"{column.test_set}_{column.metric}"
            assert (name in row["best"]) == (row[name] == top)


def test_where_chosen_epochs_alone_were_evaluated_their_row_has_the_values(tmp_path):
    made = made_up(tmp_path, made_up_scores(1), layout=AT_BEST, seeds=SEEDS)
    for row in rows_of(results.table(made.results, made.grid, made.chosen))[1:]:
        assert bool(row["given_recip_rank_10"]) == (row["epoch"] == "chosen")
        assert bool(row["pydocs_map"])
    assert "the Only Ones That Were Evaluated on Given" in prose(facts_of(made))


def test_each_test_set_of_an_average_has_the_deviations_of_the_chosen_epochs(tmp_path):
    made = made_up(tmp_path, made_up_scores(1), layout=AVERAGED, seeds=SEEDS)
    table = averages.by_set(made.results, made.grid, made.chosen)
    for row in rows_of(table):
        for training in made.grid.trainings():
            assert float(row[f"{training.name}_sd"]) > 0
        assert row.get("first_stage_sd", "") == row.get("bm25_sd", "") == ""
    assert SD.search(tex("sets", table)) and "(chosen)" in tex("sets", table)


def test_a_cost_is_the_mean_over_seeds_and_unknown_where_any_is():
    grid = replace(GRID, seeds=SEEDS)
    costs = efficiency_of(grid)["trainings"]
    costs["gte_lion_s13"]["energy_joules"] = None
    found = over_seeds(costs, grid)
    assert found.keys() == {training.name for training in grid.trainings()}
    names = grid.training("gte_lion").names
    for key in ("seconds", "peak_memory_bytes", "examples_per_second"):
        assert found["gte_lion"][key] == pytest.approx(fmean(costs[n][key] for n in names))
    assert found["gte_lion"]["energy_joules"] is None
    for place, epoch in enumerate(found["gte_lion"]["by_epoch"]):
        of_seeds = [costs[name]["by_epoch"][place]["seconds"] for name in names]
        assert (epoch["epoch"], epoch["seconds"]) == (place + 1, pytest.approx(fmean(of_seeds)))


def test_the_score_at_the_chosen_epochs_is_named_best_in_the_results(tmp_path):
    made = made_up(tmp_path, made_up_scores(1), seeds=SEEDS)
    assert set(made.chosen.values()) == {BEST}
    for score in made.results.scores[made.results.layout.primary].values():
        assert len(score.by_seed) in (0, len(SEEDS))


def test_what_treatments_reached_has_deviations_and_whole_passages(tmp_path):
    made = made_up(tmp_path, made_up_scores(1, LEARNING), LEARNING, seeds=SEEDS)
    costs = efficiency_of(made.grid)["trainings"]
    labels = {"optimizers": {"adamw": "AdamW", "lion": "Lion"}, "objectives": OBJECTIVES}
    table = learnt.reached(made.results, made.grid, made.chosen, labels, costs)
    assert [row["passages"] for row in rows_of(table)] == ["4800"] * len(LEARNING.trainings())
    for row, training in zip(table.rows, made.grid.trainings(), strict=True):
        score = made.results.scores[made.results.layout.primary][training.checkpoint(BEST)]
        assert (row["epoch"], row["pydocs"], row["pydocs_sd"]) == ("chosen", score.mean, score.sd)
    assert len(SD.findall(tex("lessons", table))) == len(table.rows)
