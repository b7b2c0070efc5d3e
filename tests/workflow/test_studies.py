"""The overlays of studies: what they train, and that each plans its paper and is audited."""

import pytest

from lionrank.config.settings import training_settings
from tests.support.overlays import Overlays

OVERLAYS = {
    "objectives": Overlays("beir.yaml", "lotte.yaml", "objectives_study.yaml"),
    "sizes": Overlays("sizes.yaml"),
    "demo": Overlays("demo.yaml", "demo_sizes.yaml"),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # 9 backbones x 6 objectives x 3 seeds, of which 21 test sets have the best epoch alone but
        # for the first.
        ("objectives", {"train_epoch": 162 * 3, "best_epoch": 162, "rerank": 162 * (3 + 20)}),
        # 8 sizes x 2 optimizers x 5 seeds, every epoch on both test sets.
        ("sizes", {"train_epoch": 80 * 3, "best_epoch": 80, "rerank": 80 * 3 * 2}),
        # 3 sizes x 2 optimizers x 3 seeds, an epoch each.
        ("demo", {"train_epoch": 18, "best_epoch": 18, "rerank": 18}),
    ],
)
def test_each_plans_its_paper(tmp_path, name, expected):
    planned = OVERLAYS[name].jobs(tmp_path, "paper/main.pdf")
    assert {rule: planned[rule] for rule in expected} == expected


@pytest.mark.parametrize("name", OVERLAYS)
def test_each_is_audited(tmp_path, name):
    page = OVERLAYS[name].audit(tmp_path)
    grid = OVERLAYS[name].plan.config["grid"]
    assert f" x {len(grid['seeds'])} seeds x {grid['epochs']} epochs" in page


@pytest.mark.parametrize("name", ["sizes", "demo"])
def test_within_a_ladder_of_sizes_nothing_but_the_size_differs(name):
    config = OVERLAYS[name].plan.config
    for ladder in config["ladders"].values():
        for optimizer in config["grid"]["optimizers"]:
            sizes = [training_settings(config, model, optimizer) for model in ladder["models"]]
            assert all(each == sizes[0] for each in sizes)


def test_objectives_have_the_data_that_they_were_published_with():
    config = OVERLAYS["objectives"].plan.config
    data = {name: config["treatments"][name]["data"] for name in config["grid"]["optimizers"]}
    assert data["bce"] == data["hinge"]
    assert data["ranknet"] == data["adrmse"]
    assert len({*data.values()}) == 4
