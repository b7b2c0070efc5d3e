"""What the prose says of trainings that differ in their objective, or in what they learn from."""

from dataclasses import replace

import pytest

from lionrank.config.plan import Plan
from lionrank.config.training_data import learnt_from
from lionrank.grid import Grid
from tests.support.configs import overlaid
from tests.support.papers import PROVENANCE, ROOT, facts_of, findings_of, prose
from tests.support.results import GRID, LEARNING, experiment, made_up_scores
from tests.support.truths import check
from tests.support.worlds import DIFFERING, build

SECTION = "What is learnt from"
WORKS = {
    "hinge": "joachims2002optimizing",
    "infonce": "gao2021rethink",
    "ranknet": "burges2005learning",
    "adr_mse": "schlatt2025rankdistillm",
    "lambdaloss": "wang2018lambdaloss",
}
"""What is cited where a loss is trained with, and nowhere else."""
WITHOUT_CONTROL = replace(
    LEARNING,
    optimizers={name: LEARNING.optimizers[name] for name in ("adamw", "infonce")},
)
SAME_DATA = replace(
    LEARNING,
    optimizers={name: LEARNING.optimizers[name] for name in ("bcelists", "infonce")},
)


@pytest.fixture(params=DIFFERING, name="world", scope="module")
def _world(request, tmp_path_factory):
    return build(request.param, tmp_path_factory.mktemp("world"))


def test_every_claim_is_what_the_tables_say_and_its_words_agree(world):
    for claim in world.said:
        check(claim, world)
    here = world.said.find("count", subsection=SECTION)
    assert {claim.what: claim.total for claim in here} == {
        "significant lessons in objective": 2,
        "significant lessons in data": 2,
        "significant lessons in both": 8,
    }
    for section in ("abstract", "Conclusion"):
        assert (
            len(world.said.find("count", section=section, what="significant lessons in both")) == 1
        )


def test_a_difference_in_both_is_divided_by_the_control_that_the_grid_has(world):
    shares = findings_of(world.made).shares
    assert {tuple(share.both.names) for share in shares} == {
        (f"{model}_infonce", f"{model}_adamw") for model in ("minilm", "gte")
    }
    for share in shares:
        assert share.control.training.treatment.name == "bcelists"
        parts = share.objective.tested.difference + share.data.tested.difference
        assert parts == pytest.approx(share.both.tested.difference, abs=2e-4)


def _text(folder, grid):
    made = experiment(folder, made_up_scores(1, grid), grid)
    return findings_of(made), prose(facts_of(made))


def test_without_a_control_it_says_that_it_cannot_tell(tmp_path):
    findings, text = _text(tmp_path, WITHOUT_CONTROL)
    assert not findings.shares and len(findings.undivided) == 2
    assert "Between InfoNCE and AdamW, no training has the objective of one" in text
    assert "learn from two data sets" in text


def test_on_the_same_data_all_differences_are_of_the_objective(tmp_path):
    findings, text = _text(tmp_path, SAME_DATA)
    assert {lesson.differs for lesson in findings.lessons} == {"objective"}
    assert "learn from the same data" in text
    assert "pairs come from" not in text and r"\subsection{Training data}" in text


def test_where_all_learn_the_same_there_is_no_trace_of_it(tmp_path):
    plain = replace(
        GRID,
        recipes={
            name: {"optimizer": name, "objective": "bce", "data": "pairs"}
            for name in GRID.optimizers
        },
    )
    scores = made_up_scores(1)
    assert prose(facts_of(experiment(tmp_path / "plain", scores, plain))) == prose(
        facts_of(experiment(tmp_path / "unknown", scores))
    )
    assert SECTION not in prose(facts_of(experiment(tmp_path / "again", scores, plain)))


@pytest.mark.parametrize(
    ("overlays", "alone"),
    [
        (["objectives"], {"objective", "data", "both"}),
        (["negatives"], {"data"}),
        (["demo", "demo_objectives"], {"objective", "data", "both"}),
    ],
    ids=lambda overlays: "-".join(sorted(overlays)),
)
def test_each_difference_of_the_overlays_belongs_to_objective_or_data(tmp_path, overlays, alone):
    given = [(ROOT / "config" / f"{name}.yaml").read_text() for name in overlays]
    plan = Plan.read(overlaid(*given), ROOT)
    grid = replace(Grid.build(**plan.paper.grid()), first_stages=GRID.first_stages)
    made = experiment(tmp_path, made_up_scores(3, grid), grid)
    findings = findings_of(made)
    assert {lesson.differs for lesson in findings.lessons} == alone and not findings.undivided
    counts = {"train": 1800, "held_out": 100}
    data = {name: {"rows" if name == "pairs" else "passages": counts} for name in grid.data}
    facts = {
        "settings": plan.settings(),
        "provenance": PROVENANCE | {"data": data},
        "learnt_from": learnt_from(plan.config),
        "objectives": plan.labels_of("objectives")["objectives"],
    }
    text = prose(facts_of(made, **facts))
    assert "all do the same work" in text and "nothing here tells" not in text
    assert text.count(r"\item binary cross-entropy:") == ("objective" in alone)
    trained = {each["loss"] for each in plan.settings().values()}
    assert {loss for loss, work in WORKS.items() if work in text} == trained & WORKS.keys()
