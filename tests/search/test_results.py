"""The table of all trials of all searches."""

import csv
import io

from lionrank.search import results
from tests.support.choices import HALVING, LISTS, search_of
from tests.support.results import TUNED


def table_of(folder, **how):
    """Return made-up choices, and the rows that are written of them."""
    choices = [each.choice for each in search_of(folder, TUNED, **how).searched]
    written = io.StringIO()
    results.write(choices, written)
    return choices, list(csv.DictReader(io.StringIO(written.getvalue())))


def test_a_row_is_an_epoch_of_a_trial_with_its_settings(tmp_path):
    choices, rows = table_of(tmp_path, budget=HALVING, diverged=1)
    expected = [
        (choice, trial, epoch, score)
        for choice in choices
        for trial in choice.trials
        for epoch, score in enumerate(trial.scores, start=1)
    ]
    for row, (choice, trial, epoch, score) in zip(rows, expected, strict=True):
        assert (row["model"], row["optimizer"]) == (choice.model, choice.optimizer)
        assert (row["trial"], row["status"], row["epoch"]) == (
            trial.trial,
            trial.status,
            str(epoch),
        )
        assert row["score"] == ("" if score is None else str(score))
        assert float(row["learning_rate"]) == trial.settings["learning_rate"]


def test_the_choice_and_the_untuned_settings_are_marked_once_a_search(tmp_path):
    choices, rows = table_of(tmp_path)
    for choice in choices:
        own = [r for r in rows if (r["model"], r["optimizer"]) == (choice.model, choice.optimizer)]
        assert [row["trial"] for row in own if row["chosen"] == "1"] == [choice.chosen]
        assert [row["trial"] for row in own if row["untuned"] == "1"] == [choice.untuned]
        assert sum(row["of_space"] == "1" for row in own) == choice.budget["trials"]


def test_a_setting_that_another_search_has_is_empty_and_a_list_is_json(tmp_path):
    space = LISTS | {"betas": [[0.9, 0.99], [0.95, 0.98]]}
    _, rows = table_of(tmp_path, spaces={"gte_tunedlion": space})
    there = [row for row in rows if (row["model"], row["optimizer"]) == ("gte", "tunedlion")]
    assert {row["betas"] for row in there} == {"[0.9, 0.99]", "[0.95, 0.98]"}
    assert {row["weight_decay"] for row in there} == {""}
    assert {row["betas"] for row in rows if row not in there} == {""}
