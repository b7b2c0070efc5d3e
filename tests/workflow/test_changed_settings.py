"""What a change of the config reruns: what hangs on the setting, and no epoch for any other."""

import shutil

import pytest

from tests.support.made_up import RESULTS, Experiment, of

pytestmark = pytest.mark.slow
NO_MATTER = """
models: {minilm: {label: Small}}
optimizers: {lion: {label: Sign}}
test_sets: {ours: {label: Not theirs}}
systems:
  theirs: {label: Foreign, max_length: 512}
  given: {label: Gift}
  unused: {label: Unused, checkpoint: minilm}
dev_sets: {two: {label: Zwei}}
paper: {title: Another, note: A note.}
hub: {namespace: us}
hardware:
  gpus: 2
  threads: 4
  per_device_batch: 8
  gradient_checkpointing: true
  workers: 1
  tokens_at_once: 4096
  state_every: {minutes: null, steps: 50}
tracking: tensorboard
audit: {test_sets: {dl19: {topics: 44}}}
collections: {mine: {topics: {more: more.tsv}, qrels: {more: more.txt}}}
"""
STOPS = "training: {defaults: {early_stopping: 1}}"


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Experiment:
    experiment = Experiment(tmp_path_factory.mktemp("finished") / "run")
    experiment.directory.mkdir()
    experiment.finish()
    return experiment


@pytest.fixture
def another(finished, tmp_path) -> Experiment:
    """The same, for a test that changes it."""
    shutil.copytree(finished.directory, tmp_path / "run")
    return Experiment(tmp_path / "run")


@pytest.fixture(scope="module")
def stopped(finished, tmp_path_factory) -> Experiment:
    """One whose trainings stopped after two epochs, the third being a copy."""
    experiment = Experiment(tmp_path_factory.mktemp("stopped") / "run")
    experiment.directory.mkdir()
    experiment.finish(STOPS)
    experiment.leave_out("minilm_lion_e3", "modernbert_lion_e3")
    experiment.finish(STOPS)
    return experiment


def test_an_epoch_more_trains_what_is_missing_and_what_its_schedule_lays_out_anew(finished):
    planned = finished.planned("grid: {epochs: 4}")
    minilm = of(planned, "minilm")
    assert minilm == of(minilm, "_e4", "best.json")
    assert "results/minilm_lion_e4.trec" in minilm
    assert of(planned, "checkpoints/modernbert") == {
        f"checkpoints/modernbert_lion_e{epoch}" for epoch in (1, 2, 3, 4)
    }


def test_early_stopping_over_a_finished_grid_trains_scores_and_reranks_nothing(finished):
    planned = finished.planned(STOPS)
    assert of(planned, "training/", "checkpoints/", ".trec", ".eval") == {
        *("training/minilm_lion.best.json", "training/modernbert_lion.best.json")
    }
    assert of(planned, "results/") >= {f"results/{name}.json" for name in RESULTS}


@pytest.mark.parametrize("now", ["", "training: {defaults: {early_stopping: 2}}"])
def test_without_early_stopping_only_what_it_left_out_is_trained(stopped, now):
    planned = stopped.planned(now)
    assert of(planned, "checkpoints/", ".dev.json", ".trec") == {
        f"{folder}/{model}_lion_e3{ending}"
        for model in ("minilm", "modernbert")
        for folder, ending in (("checkpoints", ""), ("training", ".dev.json"), ("results", ".trec"))
    }


def test_other_development_data_only_look_again_at_what_was_left_out(stopped):
    planned = stopped.planned(f"{STOPS}\ngrid: {{dev_sets: [one]}}")
    assert of(planned, "checkpoints/") == {
        *("checkpoints/minilm_lion_e3", "checkpoints/modernbert_lion_e3")
    }


def test_an_epoch_that_early_stopping_went_on_to_stays(another):
    another.finish(STOPS)
    other = "grid: {dev_sets: [one]}"
    for overlay in (other, f"{STOPS}\n{other}"):
        planned = another.planned(overlay)
        assert of(planned, "dev.json") and not of(planned, "checkpoints/", ".trec")
    again = "training: {defaults: {early_stopping: 1}, models: {minilm: {log_every: 1}}}"
    assert "training/minilm_lion_e3.stop.json" in another.planned(again)


def test_what_changes_no_byte_of_an_epoch_or_a_ranking_reruns_none(finished):
    assert finished.planned(NO_MATTER) == set()


def test_what_an_epoch_hangs_on_trains_it_again(finished):
    changed = """
training: {models: {minilm: {learning_rate: 1.0e-5}}, optimizers: {lion: {log_every: 7}}}
retrieval: {k1: 0.4, b: 0.9}
"""
    planned = finished.planned(changed)
    assert of(planned, "checkpoints/") == {
        f"checkpoints/{model}_lion_e{epoch}"
        for model in ("minilm", "modernbert")
        for epoch in (1, 2, 3)
    }
    # Values that change places are a change, too.
    assert "retrieval/mine/train.trec" in planned


def test_a_seed_more_is_trained_and_ranked_with_and_none_before_it_again(finished, another):
    planned = finished.planned("grid: {seeds: [12, 13]}")
    per_checkpoint = of(planned, "checkpoints/", "training/", "hub/", ".trec", ".eval")
    assert per_checkpoint and all("lion_s13" in path for path in per_checkpoint)
    assert of(planned, "checkpoints/") == {
        f"checkpoints/{model}_lion_s13_e{epoch}"
        for model in ("minilm", "modernbert")
        for epoch in range(4)
    }
    # What takes all seeds together, and nothing of collections or first stages.
    assert planned - per_checkpoint == {
        *("results/per_query/ours.parquet", "results/per_query.parquet", "results/metrics.csv"),
        *(f"results/{name}.json" for name in RESULTS),
    }
    another.finish("grid: {seeds: [12, 13]}")
    of_third = another.planned("grid: {seeds: [12, 13, 14]}")
    assert all("lion_s14" in path for path in of(of_third, "checkpoints/", "training/", ".trec"))
    # Without the last one again, it is left alone.
    assert not of(another.planned(), "checkpoints/", "training/", ".trec")


def test_a_system_more_is_imported_and_evaluated_and_nothing_else_is_trained_or_ranked(finished):
    more = """
grid: {systems: [theirs, given, more]}
systems: {more: {label: More, run_files: {ours: given.trec}, model: minilm}}
"""
    planned = finished.planned(more)
    assert of(planned, "checkpoints/", "training/", ".trec") == {"results/more.trec"}
    assert planned >= {"results/more.eval", "results/per_query/ours.parquet"}
    other = finished.planned("systems: {theirs: {max_length: 128}}")
    assert of(other, "checkpoints/", ".trec") == {"checkpoints/theirs", "results/theirs.trec"}
    ranked = of(finished.planned("systems: {theirs: {precision: fp32}}"), "checkpoints/", ".trec")
    assert ranked == {"results/theirs.trec"}


def test_a_contrast_or_a_ladder_more_is_tested_and_nothing_else_is_made_again(finished, another):
    asked = """
comparisons:
  contrasts: {sizes: {label: Sizes, weights: {minilm_lion: 1, modernbert_lion: -1}}}
ladders: {bert: {label: BERT, models: [minilm, modernbert]}}
"""
    planned = finished.planned(asked)
    assert of(planned, "results/") == {"results/comparisons.json", "results/parameters.json"}
    assert not of(planned, "checkpoints/", "training/")
    another.finish(asked)
    assert another.planned(asked.replace("Sizes", "Small against large")) == set()
    assert another.planned(asked.replace("-1}", "-1}, claim: not_below, margin: 0.02")) == {
        "results/comparisons.json"
    }
