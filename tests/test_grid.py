"""What was trained: the names that stand in files, and their order."""

import pytest

from lionrank.grid import Grid, is_left_out, training_of

GRID = Grid.build(
    {
        "minilm": {"label": "MiniLM", "start": "pretrained"},
        "gte": {"label": "GTE", "start": "tiny"},
    },
    {"adamw": "AdamW", "lion": "Lion"},
    range(1, 3),
)


def test_trainings_and_checkpoints_are_named_by_model_optimizer_and_epoch_in_the_grids_order():
    names = ["minilm_adamw", "minilm_lion", "gte_adamw", "gte_lion"]
    assert [training.name for training in GRID.trainings()] == names
    assert GRID.checkpoints() == [f"{name}_e{epoch}" for name in names for epoch in (1, 2)]
    assert [training.name for training in GRID.of_model(GRID.models[1])] == names[2:]


def test_a_training_is_found_by_its_name_with_the_labels_that_are_printed():
    training = GRID.training("gte_lion")
    assert training.labels == ("GTE", "Lion")
    assert training.checkpoint(2) == "gte_lion_e2"
    assert not training.model.is_pretrained


def test_a_training_that_stopped_early_has_the_epochs_up_to_its_last():
    models = {each.name: {"label": each.label, "start": each.start} for each in GRID.models}
    every = {training.name: 3 for training in GRID.trainings()}
    planned = (GRID.optimizers, (1, 2, 3, 4))
    grid = Grid.build(models, *planned, every | {"gte_lion": 1})
    assert grid.epochs == (1, 2, 3)
    assert grid.is_ragged
    assert grid.training("gte_lion").checkpoints() == ["gte_lion_e1"]
    assert grid.training("gte_adamw").epochs == (1, 2, 3)
    assert len(grid.checkpoints()) == 3 * 3 + 1
    logs = {name: [f"{name}_e{epoch}.jsonl" for epoch in (1, 2, 3, 4)] for name in every}
    assert grid.logs(logs)["gte_lion"] == ["gte_lion_e1.jsonl"]
    assert len(grid.logs(logs)["minilm_lion"]) == 3
    assert not Grid.build(models, *planned, every).is_ragged
    assert Grid.build(models, *planned).epochs == (1, 2, 3, 4)


def test_a_training_has_a_name_and_its_own_epochs_with_each_seed():
    models = {each.name: {"label": each.label, "start": each.start} for each in GRID.models}
    last = {"gte_lion": 2, "gte_lion_s13": 3, "gte_lion_s7": 1}
    grid = Grid.build(models, GRID.optimizers, (1, 2, 3), last, seeds=(12, 13, 7))
    training = grid.training("gte_lion_s13")
    assert training == grid.training("gte_lion")
    assert training.names == ("gte_lion", "gte_lion_s13", "gte_lion_s7")
    assert [each.seed for each in training.by_seed] == [12, 13, 7]
    # Means over seeds are of the epochs that all had, by the name of the first.
    assert training.epochs == (1,) and training.checkpoints() == ["gte_lion_e1"]
    own = [name for each in training.by_seed for name in each.checkpoints()]
    assert own == [
        *("gte_lion_e1", "gte_lion_e2"),
        *("gte_lion_s13_e1", "gte_lion_s13_e2", "gte_lion_s13_e3"),
        "gte_lion_s7_e1",
    ]
    assert {training_of(name) for name in (*own, "gte_lion_s7_best")} == {*training.names}
    assert grid.is_ragged
    logs = {each.name: [f"{each.name}_e{epoch}" for epoch in (1, 2, 3)] for each in grid.seeded()}
    assert [name for name in own if name in grid.logs(logs)[training_of(name)]] == own
    assert len(grid.seeded()) == 3 * len(grid.trainings())


@pytest.mark.parametrize(
    ("system", "left_out"),
    [
        *(("gte_lion_e1", False), ("gte_lion_e2", True), ("bm25", False), ("gte_adamw_e3", False)),
        *(("gte_lion_s13_e2", False), ("gte_lion_s13_e3", True)),
    ],
)
def test_a_checkpoint_after_the_last_epoch_was_left_out(system, left_out):
    last = {"gte_lion": 1, "gte_lion_s13": 2, "gte_adamw": 3}
    assert is_left_out(system, last) is left_out
