"""Teachers in the config: what they are, and what hangs on them."""

from lionrank.config.plan import Plan
from tests.support.configs import ROOT, overlaid
from tests.support.treated import TAUGHT, TREATED


def test_data_are_drawn_from_what_a_teacher_scores():
    plan = Plan.read(overlaid(TAUGHT), ROOT)
    assert [plan.training_data.ranking(name) for name in ("lists", "given")] == [
        "teachers/bi/pydocs/train.trec",
        "teachers/own/pydocs/train.trec",
    ]
    assert plan.training_data.drawing("lists")["scored"] is True
    assert Plan.read(overlaid(TREATED), ROOT).training_data.drawing("lists")["scored"] is False


def test_a_teacher_is_a_checkpoint_of_the_grid_or_is_imported():
    plan = Plan.read(overlaid(TAUGHT), ROOT)
    assert plan.teachers.checkpoint("own") == "checkpoints/minilm_adamw_e3"
    assert plan.teachers.checkpoint("public") == "checkpoints/public"
    assert plan.other_systems.folder("public") == "sources/minilm_l6_v2"
    assert (plan.other_systems.max_length("public"), plan.precision("public")) == (128, "fp32")
    assert [*plan.other_systems.checkpoints] == ["public"]
    assert plan.teachers.run_file("theirs") == "./theirs.trec"


def test_a_teacher_may_be_a_checkpoint_of_any_seed():
    seeded = "grid: {seeds: [12, 13]}\nteachers: {own: {checkpoint: minilm_adamw_s13_e3}}"
    plan = Plan.read(overlaid(TAUGHT, seeded), ROOT)
    assert plan.teachers.checkpoint("own") == "checkpoints/minilm_adamw_s13_e3"
    assert [*plan.other_systems.checkpoints] == ["public"]
    assert plan.precision("minilm_adamw_s13_e3") == plan.precision("minilm_adamw_e3")


def test_what_a_teacher_needs_is_downloaded_only_where_a_training_learns_from_it():
    assert "minilm_l6_v2" not in Plan.read(overlaid(TAUGHT), ROOT).downloads.needed
    plan = Plan.read(overlaid(TAUGHT, "training_data: {given: {ranking: public}}"), ROOT)
    assert "minilm_l6_v2" in plan.downloads.needed


def test_bm25_ranks_as_deep_as_teachers_data_are_drawn_from():
    deeper = "training_data: {lists: {ranks: [1, 300]}}"
    assert Plan.read(overlaid(TAUGHT, deeper), ROOT).depth("pydocs", "train") == 300
