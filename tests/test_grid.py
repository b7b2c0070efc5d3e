"""What was trained: the names that stand in files, and their order."""

from lionrank.grid import Grid

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
