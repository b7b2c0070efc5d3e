"""What the prose claims where some settings were searched for: that it is said, and said truly."""

import re
from dataclasses import replace

import pytest

from lionrank.measures import METRICS, PRIMARY
from lionrank.paper.tables.comparisons import chosen
from tests.support.papers import CLAIMS, facts_of, findings_of, prose, tex
from tests.support.results import GRID, TUNED, experiment, made_up_scores
from tests.support.said import ORDERS
from tests.support.truths import check
from tests.support.worlds import SEARCHED, build

SECTION = r"\subsection{Tuned against untuned}"
GIVEN, CHOSEN = ("lion", "adamw"), ("tunedlion", "tunedadamw")


@pytest.fixture(params=SEARCHED, name="world", scope="module")
def _world(request, tmp_path_factory):
    return build(request.param, tmp_path_factory.mktemp("world"))


def test_every_claim_is_what_the_tables_say(world):
    for claim in world.said:
        check(claim, world)


def test_the_optimizers_are_compared_by_given_and_by_searched_settings_and_never_across(world):
    orders = world.said.find(*ORDERS, section="Results", subsection="Lion against AdamW")
    assert {(each.left, each.right) for each in orders} == {GIVEN, CHOSEN}
    for pair in (GIVEN, CHOSEN):
        told = {name for each in orders if each.left == pair[0] for name in each.models}
        assert told == {model.name for model in TUNED.models}


def test_each_tuned_training_stands_beside_its_untuned_one_with_its_test(world):
    said = world.said.find(section="Results", subsection="Tuned against untuned")
    pairs = [(each.left, each.right) for each in said.find(*ORDERS)]
    assert pairs == [
        (f"{model.name}_tuned{name}", f"{model.name}_{name}")
        for model in TUNED.models
        for name in ("adamw", "lion")
    ]
    for what in ("tuning difference", "tuning low", "tuning high", "tuning p"):
        assert [tuple(each.of) for each in said.find("value", what=what)] == pairs
    for section in ("abstract", "Conclusion"):
        assert world.said.one("count", section=section, what="significant tuning").total == 4
        assert world.said.one(section=section, what="backbones with another order").total == 2


def test_the_table_of_comparisons_has_them_under_heads_of_their_own_by_every_measure(world):
    labels = {"pydocs": "pydocs"}
    table = tex("comparisons", chosen(world.made.compared, labels, world.primary, world.grid))
    heads = [line for line in table.splitlines() if "emph{Tuning: " in line]
    measures = [METRICS[PRIMARY], METRICS["recip_rank_10"]]
    assert [name in head for name, head in zip(measures, heads, strict=True)] == [True, True]
    for model in TUNED.models:
        for label in ("AdamW", "Lion"):
            contrast = rf"{model.label}: {label} \(tuned\) \(\d\) \$-\$ {label} "
            assert len(re.findall(contrast, table)) == len(measures)


def test_a_paper_of_searched_settings_alone_needs_no_fairer_answer(tmp_path):
    searched = replace(
        TUNED, optimizers={name: label for name, label in TUNED.optimizers.items() if "(" in label}
    )
    made = experiment(tmp_path / "searched", made_up_scores(1, searched), searched)
    findings, text = findings_of(made), prose(facts_of(made))
    assert [each.names for each in findings.contests] == [[*CHOSEN]]
    assert "A fairer answer" not in text and SECTION not in text
    assert "Does Lion train better cross-encoders than AdamW?" in text
    assert r"\subsection{Optimizers}" in text
    given = prose(facts_of(experiment(tmp_path / "given", made_up_scores(1, GRID))))
    assert "A fairer answer" in given and SECTION not in given


@pytest.mark.parametrize(
    ("names", "unlike"),
    [
        (["lion", "tunedadamw"], True),
        (["adamw", "lion", "tunedlion"], True),
        ([*CHOSEN], False),
        ([*GIVEN], False),
    ],
)
def test_what_is_not_compared_is_told_where_some_settings_alone_were_searched_for(
    tmp_path, names, unlike
):
    grid = replace(TUNED, optimizers={name: TUNED.optimizers[name] for name in names})
    made = experiment(tmp_path, made_up_scores(1, grid), grid)
    compared = {
        frozenset(each[side]["training"] for side in ("left", "right"))
        for each in made.compared["contrasts"]
    }
    assert {"minilm_lion", "minilm_tunedadamw"} not in compared
    assert ("Like is compared with like" in prose(facts_of(made))) == unlike


def test_it_is_said_which_published_treatments_are_taken_for_searched_ones(tmp_path):
    made = experiment(tmp_path, made_up_scores(1, TUNED), TUNED)
    claims = CLAIMS | {"searched": {"Lion": "tunedlion", "AdamW": "tunedadamw"}}
    said = "Lion and AdamW have settings here that were searched for, and not those of the study."
    assert said in prose(facts_of(made, claims=claims))
    assert "those of the study" not in prose(facts_of(made))


def test_the_optimizers_own_names_stand_for_them_whether_searched_or_not(tmp_path):
    recipes = {
        name: {"optimizer": name.removeprefix("low"), "objective": "bce", "data": "pairs"}
        for name in ("lowlion", "adamw", "lion")
    }
    several = replace(TUNED, optimizers={name: name for name in recipes}, recipes=recipes)
    made = experiment(tmp_path / "several", made_up_scores(2, several), several)
    assert [each.names for each in findings_of(made).contests] == [[*GIVEN]]
    both = {name: entry | {"searched": True} for name, entry in recipes.items()}
    made = experiment(tmp_path / "both", made_up_scores(2, several), replace(several, recipes=both))
    (contest,) = findings_of(made).contests
    assert contest.names == [*GIVEN] and contest.searched
