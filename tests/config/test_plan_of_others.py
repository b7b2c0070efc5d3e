"""What systems of others, and an experiment of nothing else, mean in names and files."""

import shutil

import pytest

from lionrank.config.plan import Plan
from lionrank.errors import UserError
from lionrank.grid import Grid, OtherSystem
from tests.support.configs import ROOT, overlaid
from tests.support.plans import NOTHING_TRAINED, OTHERS, PLAN


def test_systems_of_others_come_after_the_trainings_where_they_have_a_run_file():
    plan = Plan.read(overlaid(OTHERS), ROOT)
    assert plan.results.run_files("dl19")[-3:] == [
        *("results/theirs.trec", "results/given.trec", "results/mine.trec")
    ]
    assert plan.results.run_files("marco_qa_dev")[-2:] == [
        *("results/marco_qa_dev/theirs.trec", "results/marco_qa_dev/mine.trec")
    ]
    labels = [*plan.results.labels("dl19")[-3].values()]
    assert labels == ["dl19", "theirs", None, "lion", None, None, "as_written"]
    assert plan.audit.jobs()["rerank"] == (18 + 2) * 2
    assert (plan.audit.jobs()["import_checkpoint"], plan.audit.jobs()["import_run"]) == (2, 1)
    assert "import_run" not in PLAN.audit.jobs()


def test_the_grid_tells_what_systems_of_others_are():
    plan = Plan.read(overlaid(OTHERS), ROOT)
    theirs, given, _ = Grid.build(**plan.paper.grid()).systems
    assert theirs == OtherSystem("theirs", "Theirs", "checkpoint", optimizer="lion")
    assert given == OtherSystem("given", "Given", "run file")
    assert Grid.build(**plan.grid()).systems[0].label == "theirs"


def test_where_a_system_of_others_comes_from(tmp_path, monkeypatch):
    here, other = tmp_path / "run", tmp_path / "other"
    names = ["config.json", "part/model.safetensors"]
    for folder in (here / "nowhere" / "near", other / "hub" / "mine"):
        for name in [*names, ".git/config"]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
    monkeypatch.chdir(here)
    plan = Plan.read(overlaid(OTHERS), ROOT)
    assert (
        plan.other_systems.files("theirs")
        == plan.other_systems.folder("theirs")
        == "sources/minilm"
    )
    assert plan.other_systems.files("unused") == [f"nowhere/near/{name}" for name in names]
    assert plan.other_systems.files("mine") == [f"../other/hub/mine/{name}" for name in names]
    (other / "records").mkdir()
    assert plan.other_systems.files("mine") == "../other/hub/mine"
    shutil.rmtree("nowhere")
    assert plan.other_systems.files("unused") == "nowhere/near"


def test_a_system_has_the_run_files_that_its_entry_names():
    plan = Plan.read(overlaid(OTHERS), ROOT)
    assert plan.other_systems.given_run("given", "") == "runs/given.trec.gz"
    with pytest.raises(UserError, match=r"given\.run_files: names none on marco_qa_dev"):
        plan.other_systems.given_run("given", "marco_qa_dev/")


def test_each_checkpoint_has_its_length_and_precision():
    plan = Plan.read(overlaid(OTHERS), ROOT)
    assert (plan.other_systems.max_length("theirs"), plan.precision("theirs")) == (128, "fp32")
    assert (plan.other_systems.max_length("mine"), plan.precision("mine")) == (512, "bf16")
    plan = Plan.read(overlaid("training: {models: {gte: {precision: auto}}}"), ROOT)
    assert (plan.precision("gte_lion_e2"), plan.precision("minilm_lion_e2")) == ("auto", "bf16")


def test_only_sources_of_the_grid_are_downloaded():
    plan = Plan.read(overlaid(NOTHING_TRAINED.replace("systems: [theirs, ", "systems: [")), ROOT)
    assert "minilm" not in plan.downloads.needed
    assert "minilm" in Plan.read(overlaid(NOTHING_TRAINED), ROOT).downloads.needed


def test_nothing_is_trained_without_a_model():
    plan = Plan.read(overlaid(NOTHING_TRAINED), ROOT)
    nothing = (plan.trainings, plan.checkpoints, plan.epochs, plan.optimizers, plan.best_epochs())
    assert nothing == ([], [], [], [], [])
    assert plan.results.run_files("dl19", "") == [
        f"results/{x}" for x in ("bm25", "theirs", "given", "mine")
    ]
    assert plan.dev_sets == {}
    assert not {"msmarco_triplets", "msmarco_queries", "nano_nq", "gte"} & {*plan.downloads.needed}
    assert not plan.audit.jobs().keys() & {"initialise", "train_epoch", "dev_scores", "model_card"}
    assert [*plan.collections.used()] == ["msmarco", "marco_qa"]
    grid = Grid.build(**plan.grid())
    assert (grid.trainings(), grid.optimizers, grid.epochs) == ([], {}, ())
