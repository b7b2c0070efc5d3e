"""What the prose claims of scores, tests and training curves, in many worlds.

Every claim is compared with the tables of its world. The other tests hold that what must be said
is said, and where.
"""

from collections import Counter

import pytest

from lionrank.measures import PRIMARY
from tests.support.papers import relation
from tests.support.published_as_measured import of_side
from tests.support.said import ORDERS
from tests.support.truths import Truths, check
from tests.support.worlds import DEMO_WORLDS, MADE_UP, PUBLISHED_WORLDS, STOPPED, build

WORLDS = [
    *MADE_UP,
    *STOPPED,
    *PUBLISHED_WORLDS,
    *(pytest.param(name, marks=pytest.mark.slow) for name in DEMO_WORLDS),
]
SUMMARIES = ("abstract", "Results")
OF_DUELS = (*SUMMARIES, "Conclusion")
"""Sections that sum up how Lion stands to AdamW."""


@pytest.fixture(params=WORLDS, name="world", scope="module")
def _world(request, tmp_path_factory):
    directory = request.getfixturevalue("demo") if "demo" in request.param else None
    return build(request.param, tmp_path_factory.mktemp("world"), directory)


@pytest.fixture(name="said", scope="module")
def _said(world):
    return world.said


@pytest.fixture(name="truths", scope="module")
def _truths(world):
    return Truths(world)


@pytest.fixture(name="models", scope="module")
def _models(world):
    return [model.name for model in world.grid.models]


@pytest.fixture(name="significant", scope="module")
def _significant(truths):
    return [name for name, is_so in truths.items("significant optimizers").items() if is_so]


def named(claims):
    """Return the models that claims are about, as often as they are."""
    return [model for claim in claims for model in claim.models]


def test_every_claim_is_what_the_tables_say_and_its_words_agree(world):
    assert len(world.said) > 100
    for claim in world.said:
        check(claim, world)


@pytest.mark.parametrize("section", SUMMARIES)
def test_the_best_checkpoint_is_named_and_stands_to_bm25(said, section):
    here = said.find(section=section)
    best = here.one("best", measure=PRIMARY).systems
    order = here.one(*ORDERS, right="bm25")
    assert order.left == best[0]
    assert here.find("value", what="mean", of=best[0])
    apart = order.kind != "level with"
    assert len(here.find("value", what="mean", of="bm25")) == apart
    assert len(here.find("value", what="margin over bm25", of=best[0])) == apart


@pytest.mark.parametrize("section", SUMMARIES)
def test_the_checkpoints_above_and_level_with_bm25_are_counted(said, truths, section):
    here = said.find(section=section)
    here.one("count", what="checkpoints above bm25", models=None)
    level = any(truths.items("checkpoints level with bm25").values())
    assert len(here.find("count", what="checkpoints level with bm25")) == level


def test_the_checkpoints_above_bm25_are_counted_by_backbone_where_they_are_not_alike(
    said, truths, models
):
    above = truths.items("checkpoints above bm25").values()
    counts = said.find("count", what="checkpoints above bm25", section="Results")
    by_model = [claim.models for claim in counts if claim.models]
    mixed = any(above) and not all(above)
    assert by_model == ([[model] for model in models] if mixed else [])


def test_the_discussion_says_whether_reranking_pays(said):
    said.one("none", "some", "all", what="checkpoints above bm25", section="Discussion")


@pytest.mark.parametrize("section", OF_DUELS)
def test_lion_stands_to_adamw_at_the_chosen_epochs_on_every_backbone(said, models, section):
    here = said.find(*ORDERS, measure=PRIMARY, epoch="chosen", section=section)
    times = 2 if section == "Results" else 1
    assert Counter(named(here)) == Counter(models * times)


def test_each_backbone_has_a_sentence_with_all_that_was_tested(said, models):
    here = said.find(section="Results", subsection="Lion against AdamW")
    alone = [claim.models for claim in here.find(*ORDERS, epoch="chosen") if claim.words in ORDERS]
    assert alone == [[model] for model in models]
    for model in models:
        pair = [f"{model}_lion", f"{model}_adamw"]
        for what in ("difference", "low", "high", "p", "detectable"):
            here.one("value", what=what, of=pair)
        for training in pair:
            here.one("value", what="chosen mean", of=training)
            here.one("value", what="chosen epochs", of=training)


@pytest.mark.parametrize("section", OF_DUELS)
def test_it_is_said_which_differences_are_significant(said, significant, models, section):
    claim = said.one("none", "some", "all", what="significant optimizers", section=section)
    partly = 0 < len(significant) < len(models)
    assert claim.models == (significant if partly else None)


def test_the_discussion_concludes_no_more_than_is_significant(said, truths, significant, models):
    here = said.find(section="Discussion")
    of_test = here.find("none", "some", "all", what="significant optimizers")
    orders = here.find(*ORDERS)
    above = truths.items("significant optimizers above").values()
    if not significant:
        assert [claim.kind for claim in of_test] == ["none"]
        assert not orders
        here.one("value", what="furthest bound")
    elif any(above) and not all(above):
        here.one("some", what="significant optimizers above")
        assert not orders
    else:
        (order,) = orders
        assert order.significant
        assert order.models == significant
        others = [model for model in models if model not in significant]
        kinds = [(claim.kind, claim.models) for claim in of_test]
        assert kinds == ([("some", significant), ("none", others)] if others else [("all", None)])


def test_what_could_have_been_shown_is_said_with_topics_and_power(world, said):
    said.one("value", what="topics", of=world.primary)
    said.one("value", what="power")


def test_what_the_best_epoch_on_the_test_topics_would_have_flattered(said, truths):
    assert len(truths.selection_bias()) == 6
    claim = said.one("none", "count", what="flattered trainings")
    flattered = any(truths.selection_bias().values())
    assert claim.kind == ("count" if flattered else "none")
    for what in ("mean selection_bias", "highest selection_bias"):
        assert len(said.find("value", what=what)) == flattered
    assert len(said.find("best", measure="selection_bias")) == flattered


def test_lion_stands_to_adamw_at_the_best_epochs_on_every_backbone(said, models):
    assert sorted(named(said.find(*ORDERS, epoch="best"))) == sorted(models)


@pytest.mark.parametrize(
    "what",
    [
        "significant models",
        "significant optimizers_by_epoch",
        "trainings significantly above bm25",
        "trainings significantly below bm25",
        "trainings best after the last epoch",
        "trainings that rise with every epoch",
        "backbones with the lower loss and the higher score",
        "trainings with the lowest held-out loss at the end",
    ],
)
def test_it_is_counted_once_in_the_results(said, what):
    assert said.one("count", what=what).section == "Results"


def test_topics_won_and_lost_are_counted(said, models):
    for model in models:
        lion, adamw = f"{model}_lion", f"{model}_adamw"
        for left, right in ((lion, adamw), (adamw, lion)):
            said.one("count", what="topics won", left=left, right=right)
    level = said.find("count", what="topics level")
    assert sorted(claim.left.split("_")[0] for claim in level) == sorted(models)


def test_the_tally_at_equal_epochs_has_every_order_that_occurs(world, said):
    printed = world.printed
    occurring = {
        relation(printed[f"{m.name}_lion_e{e}"], printed[f"{m.name}_adamw_e{e}"])
        for m in world.grid.models
        for e in world.grid.epochs
        if {f"{m.name}_lion_e{e}", f"{m.name}_adamw_e{e}"} <= printed.keys()
    }
    tally = [word for word in ORDERS if said.find("count", what=f"pairs with lion {word} adamw")]
    assert set(tally) == occurring
    said.one("value", what="pairs of lion and adamw")


def test_the_trainings_that_peak_before_the_end_are_told(said, truths):
    last = truths.items("trainings best after the last epoch")
    early = [name for name, is_best in last.items() if not is_best]
    for what in ("best epochs", "best mean", "last mean"):
        assert [claim.of for claim in said.find("value", what=what)] == early


def test_the_trainings_that_stopped_early_are_told_with_their_last_epochs(world, said, truths):
    stopped = [name for name, is_so in truths.items("trainings stopped early").items() if is_so]
    told = said.find("value", what="last epoch", section="Experimental Set-up")
    assert sorted(name for claim in told for name in claim.of) == sorted(stopped)
    said.one("value", what="epochs trained", section="abstract")
    may_stop = bool(world.grid.last)
    assert len(said.find("count", what="trainings stopped early")) == may_stop


def test_the_other_columns_are_told_of_where_one_checkpoint_is_best(world, said, truths):
    beaten = said.find("none", what="columns in which a checkpoint reaches bm25")
    led = said.find("none", "some", "all", what="other columns led")
    assert len(beaten) == (not any(truths.columns_reached().values()))
    alone = len(said.one("best", measure=PRIMARY, section="abstract").systems) == 1
    assert len(led) == (alone and not beaten)
    assert all(claim.measures for claim in led.find("some"))


@pytest.mark.parametrize("quantity", ["loss", "held_out", "grad_norm"])
def test_what_lion_logged_stands_to_adamws_on_every_backbone(said, models, quantity):
    assert named(said.find(*ORDERS, measure=quantity)) == models
    values = [claim.of for claim in said.find("value", what=quantity)]
    assert values == [f"{model}_{optimizer}" for model in models for optimizer in ("lion", "adamw")]


def test_published_claims_are_counted_by_their_verdicts(world, said):
    whole = not world.others["claims"]["stand_ins"]
    sections = ["Published Claims", *(("abstract", "Conclusion") if whole else ())]
    for side in ("ours", "printed"):
        occurring = {of_side(each, side)["verdict"] for each in world.decided}
        for section in sections if side == "ours" else sections[:1]:
            counts = said.find("count", section=section)
            counted = [claim.what for claim in counts if claim.what.startswith(f"{side} ")]
            assert sorted(counted) == sorted(f"{side} {verdict}" for verdict in occurring)
    failing = said.find("value", what="published claims that do not hold")
    assert len(failing) + len(said.find(what="published claims that can be told hold")) == 1
