"""The search as Snakemake plans it: what is listed beforehand, and what a change makes again."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from lionrank.config.plan import Plan
from lionrank.files import write_json
from lionrank.search.choice import Choice
from lionrank.training.development import scores
from tests.support.configs import ROOT, overlaid
from tests.support.made_up import GRID, Experiment, of
from tests.support.running import Finished, jobs, overlaid_command, run_overlaid
from tests.support.vouching import vouch

slow = pytest.mark.slow
SEARCH = """
grid: {models: [minilm], optimizers: [lion, tunedlion], epochs: 2}
hardware: {gpus: 0}
treatments:
  tunedlion: {label: Lion (tuned), optimizer: lion, objective: bce, data: pairs}
search:
  trials: 2
  epochs: 2
  spaces: {tunedlion: {learning_rate: {low: 1.0e-7, high: 1.0e-4, log: true}}}
"""
A_TRIAL_MORE = "search: {trials: 3}"
CHOICE = {f"training/minilm_tunedlion.{name}.json" for name in ("chosen", "point")}


def trials_of(*overlays: str) -> dict[str, dict]:
    """Return the points of all trials, the untuned one last."""
    plan = Plan.read(overlaid(GRID, SEARCH, *overlays), ROOT)
    return plan.search.trained("minilm", "tunedlion")


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Experiment:
    """A finished experiment; weights of trials went once they were scored."""
    experiment = Experiment(tmp_path_factory.mktemp("searched") / "run", SEARCH)
    experiment.directory.mkdir()
    experiment.finish()
    assert not (experiment.directory / "checkpoints" / "search").exists()
    return experiment


def test_a_dry_run_lists_trials_and_what_is_trained_with_the_best(snakemake):
    told = snakemake("-n", "results/minilm_tunedlion_e2.trec", overlay=SEARCH)
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    # Two trials and the untuned settings, of two epochs each; all start from one checkpoint.
    assert counts["train_trial"] == counts["trial_scores"] == 3 * 2
    assert (counts["choose_settings"], counts["initialise"], counts["train_epoch"]) == (1, 1, 2)
    assert "halving" not in counts
    told = snakemake("-n", "results/minilm_lion_e2.trec", overlay=SEARCH)
    assert not jobs(told.stdout).keys() & {"train_trial", "choose_settings"}


def test_the_paper_waits_for_all_of_a_search_and_lists_its_trials(snakemake):
    counts = jobs(snakemake("-n", "paper/main.pdf", overlay=SEARCH).stdout)
    assert (counts["search_tables"], counts["search_results"]) == (1, 1)


def test_with_halving_it_is_decided_once_before_every_epoch_but_the_first(snakemake):
    told = snakemake(
        "-n", "searches", overlay=SEARCH.replace("trials: 2", "trials: 4\n  keep: 0.5")
    )
    counts = jobs(told.stdout)
    assert (counts["train_trial"], counts["halving"], counts["choose_settings"]) == (5 * 2, 1, 1)
    assert "train_epoch" not in counts


def test_seeds_and_settings_of_the_final_trainings_train_no_trial(snakemake):
    more = SEARCH.replace("epochs: 2}", "epochs: 3, seeds: [12, 13]}")
    counts = jobs(snakemake("-n", "trainings", overlay=more).stdout)
    assert (counts["train_trial"], counts["choose_settings"]) == (3 * 2, 1)
    assert counts["train_epoch"] == 2 * 2 * 3


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("training/search/minilm_lion_t00000000_e1.jsonl", "minilm_lion is not searched"),
        (
            "training/search/minilm_tunedlion_t00000000_e1.dev.json",
            "minilm_tunedlion has no trial 't00000000'",
        ),
        ("training/minilm_lion.chosen.json", "minilm_lion is not searched"),
    ],
)
def test_what_is_no_trial_is_named_with_the_key(snakemake, target, message):
    told = snakemake("-n", target, overlay=SEARCH)
    assert told.returncode != 0
    assert f"search.spaces: {message}" in told.stdout


@slow
def test_weights_that_went_are_not_missed(finished):
    assert finished.planned() == set()


@slow
@pytest.mark.parametrize(
    "changed",
    [
        A_TRIAL_MORE,
        "search: {spaces: {tunedlion: {learning_rate: {low: 1.0e-6}}}}",
        "training: {treatments: {tunedlion: {learning_rate: 3.0e-6}}}",
    ],
    ids=["more trials", "another range", "other untuned settings"],
)
def test_of_a_changed_search_only_new_trials_are_trained(finished, changed):
    before, now = trials_of(), trials_of(changed)
    new = now.keys() - before.keys()
    planned = finished.planned(changed)
    assert 0 < len(new) < len(now)
    assert of(planned, "/search/") == {
        f"{folder}/search/minilm_tunedlion_{trial}_e{epoch}{ending}"
        for trial in new
        for epoch in (1, 2)
        for folder, ending in [
            ("checkpoints", ""),
            ("training", ".jsonl"),
            ("training", ".dev.json"),
        ]
    }
    assert planned >= CHOICE
    assert not of(planned, "minilm_lion", "_e0")


@slow
def test_what_no_trial_hangs_on_trains_none(finished):
    for changed in (
        "grid: {seeds: [12, 13]}",
        "grid: {epochs: 3}",
        "treatments: {tunedlion: {label: Other}}",
        "training: {defaults: {early_stopping: 1}}",
    ):
        assert not of(finished.planned(changed), "/search/", ".chosen", ".point")


class Searched:
    """A copy of it, in which the scores of trials are real, and settings are chosen by them."""

    def __init__(self, experiment: Experiment, folder: Path) -> None:
        self.directory = shutil.copytree(experiment.directory, folder / "run")

    def _overlays(self, overlay: str) -> list[Path]:
        texts = {"grid.yaml": GRID, "search.yaml": SEARCH, "overlay.yaml": overlay}
        for name, text in texts.items():
            (self.directory.parent / name).write_text(text)
        return [self.directory.parent / name for name in texts]

    def snakemake(self, *arguments: str, overlay: str = "{}") -> Finished:
        return run_overlaid(self.directory, *arguments, overlays=self._overlays(overlay))

    def score(self, ndcg: Mapping[str, float], overlay: str = "{}") -> None:
        """Write the scores of some trials, the same in both epochs, and records of all there is."""
        for trial, score in ndcg.items():
            for epoch in (1, 2):
                path = f"training/search/minilm_tunedlion_{trial}_e{epoch}.dev.json"
                write_json(self.directory / path, scores(epoch, None, {"one": score}))
        target = "training/minilm_tunedlion.chosen.json"
        overlays = self._overlays(overlay)
        vouch(overlaid_command(self.directory, target, overlays=overlays))

    def choice(self) -> Choice:
        return Choice.read(self.directory / "training/minilm_tunedlion.chosen.json")


@slow
def test_a_choice_made_anew_trains_again_only_where_it_is_another_one(finished, tmp_path):
    searched = Searched(finished, tmp_path)
    first, second, untuned = trials_of()
    (third,) = trials_of(A_TRIAL_MORE).keys() - trials_of().keys()
    searched.score({first: 0.3, second: 0.4, untuned: 0.5})
    told = searched.snakemake("training/minilm_tunedlion.point.json")
    assert told.returncode == 0, told.stderr
    assert searched.choice().chosen == second
    final = "checkpoints/minilm_tunedlion_e2"
    told = searched.snakemake("--touch", "--forceall", final)
    assert told.returncode == 0, told.stderr
    mark = searched.directory / final / "mark"
    mark.write_text("stays")

    searched.score({third: 0.2}, A_TRIAL_MORE)
    told = searched.snakemake(final, overlay=A_TRIAL_MORE)
    assert told.returncode == 0, told.stderr
    assert searched.choice().chosen == second
    assert [each.trial for each in searched.choice().trials] == [first, second, third, untuned]
    assert mark.exists()

    searched.score({third: 0.9}, A_TRIAL_MORE)
    told = searched.snakemake(final, overlay=A_TRIAL_MORE)
    assert searched.choice().chosen == third
    assert "Training minilm_tunedlion, epoch 1" in told.stderr
    # There is nothing to train with, as the test made it up.
    assert told.returncode != 0
