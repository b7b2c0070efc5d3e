"""The overlays of objectives: what they compare differs in the loss alone, or in the negatives."""

import pytest

from lionrank.config.settings import training_settings
from lionrank.config.treatments import LOSSES, treatment
from tests.support.overlays import Overlays

OVERLAYS = {
    "objectives": Overlays("objectives.yaml"),
    "negatives": Overlays("negatives.yaml"),
    "demo": Overlays("demo.yaml", "demo_objectives.yaml"),
}


def treated(plan):
    """Return the treatments of the grid that learn from lists."""
    named = {name: treatment(plan.config, name) for name in plan.optimizers}
    return {name: each for name, each in named.items() if each.data != "pairs"}


@pytest.mark.parametrize("name", ["objectives", "demo"])
def test_objectives_learn_from_the_same_lists_and_differ_in_their_loss_alone(name):
    plan = OVERLAYS[name].plan
    compared = treated(plan)
    assert {each.data for each in compared.values()} == {"lists"}
    assert "bce" in compared
    settings = [training_settings(plan.config, "minilm", each) for each in compared]
    losses = [each.pop("loss") for each in settings]
    assert all(each == settings[0] for each in settings)
    assert len(set(losses)) == len(losses)
    if name == "objectives":
        # LambdaLoss has no published counterpart.
        assert {*losses} == {*LOSSES} - {"lambdaloss"}


def test_negatives_have_the_same_loss_and_the_same_relevant_passages():
    plan = OVERLAYS["negatives"].plan
    compared = treated(plan)
    assert [*compared] == plan.optimizers
    settings = [training_settings(plan.config, "gte", each) for each in compared]
    assert all(each == settings[0] for each in settings)
    data = [plan.config["training_data"][each.data] for each in compared.values()]
    differ = {key for key in data[0] if len({str(each[key]) for each in data}) > 1}
    assert differ == {"ranking", "random_negatives"}


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_epoch_of_lists_has_as_many_passages_as_one_of_pairs(name):
    config = OVERLAYS[name].plan.config
    pairs = config["training_pairs"]
    for entry in config["training_data"].values():
        assert entry["examples"] * entry["passages"] == 2 * pairs["triplets"]
        assert entry["held_out"]["passages"] == pairs["held_out"]["pairs"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "objectives",
            {"train_epoch": 72, "draw_examples": 1, "teach_by_checkpoint": 1, "training_pairs": 1},
        ),
        ("negatives", {"train_epoch": 27, "draw_examples": 3, "join_examples": 3}),
        (
            "demo",
            {"train_epoch": 15, "draw_examples": 1, "teach_by_bi_encoder": 1, "training_pairs": 1},
        ),
    ],
)
def test_each_plans_its_paper(tmp_path, name, expected):
    planned = OVERLAYS[name].jobs(tmp_path, "paper/main.pdf")
    assert {rule: planned[rule] for rule in expected} == expected
    if name == "negatives":
        assert not {"training_pairs", "draw_triplets"} & planned.keys()


@pytest.mark.parametrize("name", OVERLAYS)
def test_each_is_audited(tmp_path, name):
    OVERLAYS[name].audit(tmp_path)
