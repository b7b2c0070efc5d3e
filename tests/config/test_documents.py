"""What the studies of long documents ask by contrasts that their configs name."""

from collections import Counter

import pytest

from lionrank.config.contrasts import contrasts, parts
from lionrank.config.plan import Plan
from lionrank.evaluation.contrasts import named
from lionrank.grid import Grid
from tests.support.configs import ROOT, overlaid

STUDIES = {
    "documents": (["documents"], {"dl19_docs_full": 2, "dl19_docs_max_p": 2}),
    "demo": (["demo", "demo_documents"], {"long_full": 1, "long_max_p": 1}),
}


@pytest.fixture(params=STUDIES, name="study", scope="module")
def _study(request):
    overlays, models = STUDIES[request.param]
    read = [(ROOT / "config" / f"{name}.yaml").read_text() for name in overlays]
    return Plan.read(overlaid(*read), ROOT), models


def planned(plan):
    """Return the contrasts that are tested, those of one family on a measure together."""
    grid = Grid.build(**plan.grid())
    asked = contrasts(plan.config)
    return {
        (test_set, family[0].family): family
        for test_set in dict.fromkeys(each["test_set"] for each in plan.compared_measures)
        for family in named(asked, grid, test_set)
    }


def test_every_contrast_is_tested_once_in_a_family_of_its_question(study):
    plan, models = study
    found = planned(plan)
    names = Counter(each.name for family in found.values() for each in family)
    assert names == Counter([*plan.config["comparisons"]["contrasts"]])
    families = {family for _, family in found}
    assert families == {"long_context", "equal_tokens", "one_piece"}
    for test_set, number in models.items():
        asked = {family: len(found[name, family]) for name, family in found if name == test_set}
        assert {*asked.values()} == {number}
        assert {*asked} == (
            {"equal_tokens"} if test_set.endswith("max_p") else {"long_context", "one_piece"}
        )


def test_long_context_consists_of_another_model_and_of_one_text_instead_of_windows(study):
    plan, _ = study
    asked = contrasts(plan.config)
    by_question = {
        question: {
            name.removeprefix(question): entry["weights"]
            for name, entry in asked.items()
            if name.startswith(question)
        }
        for question in ("beyond", "equal", "piece")
    }
    assert len({tuple(each) for each in by_question.values()}) == 1
    for name, whole in by_question["beyond"].items():
        total: Counter[str] = Counter()
        for part in ("equal", "piece"):
            for system, weight in by_question[part][name].items():
                total[system] += weight
        assert {system: weight for system, weight in total.items() if weight} == whole


def test_all_are_sums_of_what_was_trained_with_either_optimizer(study):
    plan, _ = study
    for entry in contrasts(plan.config).values():
        systems = [parts(each)[0] for each in entry["weights"]]
        assert {*systems} <= {training.name for training in Grid.build(**plan.grid()).trainings()}
        assert {*entry["weights"].values()} == {0.5, -0.5}
