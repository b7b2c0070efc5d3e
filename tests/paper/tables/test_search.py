"""The tables of the search for settings."""

import csv
import io
import json

import pytest

from lionrank.paper.tables import search
from tests.support.choices import BUDGET, HALVING, LISTS, SPACE, search_of
from tests.support.papers import rows_of, tex
from tests.support.results import TUNED


@pytest.fixture(name="found", scope="module")
def _found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    return search_of(folder, TUNED, budget=HALVING, diverged=2)


def read(table):
    return list(csv.DictReader(io.StringIO(table.csv())))


def test_a_row_has_the_chosen_settings_and_both_scores(found):
    rows = read(search.choices(found))
    assert [(row["model"], row["optimizer"]) for row in rows] == [
        each.training.labels for each in found.searched
    ]
    for row, each in zip(rows, found.searched, strict=True):
        best = each.choice.best
        assert float(row["learning_rate"]) == best.settings["learning_rate"]
        assert float(row["score"]) == best.score
        assert (row["trials"], row["diverged"]) == ("8", "2")
        assert float(row["area"]) < best.score
        assert float(row["difference"]) == pytest.approx(best.score - 0.31, abs=1e-4)


def test_an_arrow_marks_a_choice_at_an_edge(found):
    table = search.choices(found)
    edges = [edge for row in table.rows for edge in row["edges"]]
    latex = tex("search", table)
    assert edges
    assert latex.count("downarrow") == sum(edge.endswith(" low") for edge in edges)
    assert latex.count("uparrow") == sum(edge.endswith(" high") for edge in edges)


@pytest.mark.parametrize("untuned", [0.5, 0.31, None])
def test_untuned_settings_may_be_better_or_diverge(tmp_path, untuned):
    table = search.choices(search_of(tmp_path, TUNED, untuned=untuned))
    for row, cells in zip(table.rows, rows_of(tex("search", table)), strict=True):
        expected = ["{--}", "{--}"]
        if untuned is not None:
            expected = [f"{untuned:.4f}", f"{row['score'] - untuned:.4f}"]
        assert cells[-3:-1] == expected


def test_columns_of_trials_that_stopped_or_diverged_are_where_any_did(found, tmp_path):
    assert "& Stopped & Diverged &" in tex("search", search.choices(found))
    plain = tex("search", search.choices(search_of(tmp_path, TUNED)))
    assert "Stopped" not in plain and "Diverged" not in plain


def test_trials_stand_best_first_with_those_without_a_score_last(found):
    rows = read(search.trials(found))
    assert len(rows) == len(found.searched) * (HALVING["trials"] + 1)
    for each in found.searched:
        own = [r for r in rows if (r["model"], r["optimizer"]) == each.training.labels]
        scores = [float(row["score"]) if row["score"] else -1 for row in own]
        assert scores == sorted(scores, reverse=True)
        notes = {row["trial"]: row["notes"].split(";") for row in own}
        assert "chosen" in notes[each.choice.chosen] and "untuned" in notes[each.choice.untuned]
        assert sum("diverged" in note for note in notes.values()) == 2


def test_the_epoch_of_a_trial_is_that_of_its_best_score(found):
    rows = {(r["model"], r["optimizer"], r["trial"]): r for r in search.trials(found).rows}
    for each in found.searched:
        for trial in each.choice.trials:
            epoch = rows[(*each.training.labels, trial.trial)]["epoch"]
            assert epoch is None if trial.score is None else trial.scores[epoch - 1] == trial.score


def test_many_trials_go_on_over_pages_each_with_the_head(tmp_path):
    found = search_of(tmp_path, TUNED, budget=BUDGET | {"trials": 32})
    latex = tex("search_trials", search.trials(found))
    parts = latex.split("\\continued\n")
    assert len(parts) > 2
    assert all(r"Trial & Learning rate" in part for part in parts)
    assert sum(part.count(r"\texttt{t0000") for part in parts) == len(found.searched) * 33


def test_trainings_with_the_same_space_share_its_column(tmp_path):
    table = search.spaces(search_of(tmp_path, TUNED))
    (columns,) = table.facts["panels"]
    assert [each["head"] for each in columns] == [[("AdamW (tuned)", []), ("Lion (tuned)", [])]]
    rates = {json.loads(row["learning_rate"])["low"] for row in read(table)}
    assert rates == {SPACE["learning_rate"]["low"]}
    assert r"\num{1e-7} to \num{1e-4}, log scale" in tex("search_spaces", table)


def test_a_space_of_some_models_names_them(tmp_path):
    spaces = {"gte_tunedlion": LISTS}
    table = search.spaces(search_of(tmp_path, TUNED, spaces=spaces))
    (columns,) = table.facts["panels"]
    assert [each["head"] for each in columns] == [
        [("AdamW (tuned)", []), ("Lion (tuned)", ["MiniLM"])],
        [("Lion (tuned)", ["GTE"])],
    ]
    rows = rows_of(tex("search_spaces", table), "Warm-up")
    assert rows == [["Warm-up", "--", r"\qty{10}{\percent}, \num{500} steps"]]


def test_scores_stand_below_many_settings(tmp_path):
    space = SPACE | {name: [1, 2] for name in ("max_grad_norm", "warmup", "global_batch_size")}
    space |= {"schedule": ["linear", "cosine"], "betas": [[0.9, 0.99], [0.95, 0.98]]}
    table = search.choices(search_of(tmp_path, TUNED, space=space, diverged=1))
    settings, scores = tex("search", table).split(r"\smallskip")
    assert "Batch size" in settings and "{Chosen}" not in settings
    assert "Batch size" not in scores and "{Chosen}" in scores
