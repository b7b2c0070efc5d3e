"""What the sections of studies say of what was published, and of our results on the same."""

import pandas as pd
import pytest

from lionrank.paper.studies import StudyFacts
from lionrank.published.scores import read_scores
from lionrank.published.study import Study
from lionrank.strict_yaml import read
from tests.support.papers import PAPER, facts_of, prose, source_of
from tests.support.results import LEARNING, experiment, made_up_scores
from tests.support.said import Said, check_words, numbers

TITLES = {"objectives": "Objectives and Backbones", "sizes": "Sizes"}
NOWHERE = {"models": [], "measures": [], "apart": ["DL19 reranks SPLADE there, and BM25 here"]}
VERDICTS = [
    ("holds", "replicated"),
    ("does not hold", "contradicted"),
    ("not testable", "inconclusive"),
]


def study_of(name, compared=NOWHERE):
    """Return a study whose claims have all verdicts in turn."""
    folder = PAPER / "published" / name
    study = Study.read(folder)
    decided = [
        {
            **written,
            "published": {study.primary: {"verdict": there, "counterexamples": []}},
            "ours": {"verdict": here},
        }
        for place, written in enumerate(read(folder / "claims.yaml")["claims"])
        for there, here in [VERDICTS[place % 3]]
    ]
    nothing: dict[str, dict] = {key: {} for key in ("stand_ins", "scorings", "not_trained_here")}
    claims = nothing | {"searched": {}, "claims": decided}
    scores = read_scores(folder / "table.csv", study)
    return StudyFacts(study, claims, scores, compared, agreements=None, tests=None, standing=None)


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory):
    return experiment(tmp_path_factory.mktemp("made"), made_up_scores(2, LEARNING), LEARNING)


@pytest.fixture(name="said", scope="module")
def _said(made):
    studies = [study_of(name) for name in TITLES]
    return Said.read(source_of(facts_of(made, studies=studies)))


def test_what_is_said_of_the_table_of_objectives_is_what_it_has(said):
    table = pd.read_csv(PAPER / "published" / "objectives" / "table.csv")
    cells = table.pivot(index=["model", "test_set"], columns="treatment", values="value").round(4)
    here = said.find(section=TITLES["objectives"])
    assert numbers(here.one("value", what="published cells").words) == [len(cells)]
    best = cells.idxmax(axis=1).value_counts()
    led = {each.of: (each.count, each.total) for each in here.find(what="published cells led")}
    assert led == {name: (count, len(cells)) for name, count in best.items()}
    gains = cells.drop(columns="bce").sub(cells["bce"], axis=0).round(4)
    above = {each.of: each for each in here.find(what="published cells above BCE")}
    assert above.keys() == {*gains}
    for name, claim in above.items():
        assert (claim.count, claim.total) == (int((gains[name] > 0).sum()), len(cells))
        (least,) = numbers(here.one(what="least published gain", of=name).words)
        (most,) = numbers(here.one(what="greatest published gain", of=name).words)
        assert (least, most) == (gains[name].min(), gains[name].max())


def test_what_is_said_of_the_table_of_sizes_is_what_it_has(said):
    table = pd.read_csv(PAPER / "published" / "sizes" / "table.csv")
    here = said.find(section=TITLES["sizes"])
    for test_set, values in table.groupby("test_set")["value"]:
        (least,) = numbers(here.one(what="least published value", of=test_set).words)
        (most,) = numbers(here.one(what="greatest published value", of=test_set).words)
        assert (least, most) == (values.min(), values.max())


@pytest.mark.parametrize("name", TITLES)
def test_the_claims_of_a_study_are_counted_by_their_verdicts(said, made, name):
    decided = study_of(name).claims["claims"]
    for claim in said.find("count", section=TITLES[name]):
        check_words(claim, made.grid)
        side, _, verdict = claim.what.partition(" ")
        if side == "ours":
            assert claim.count == sum(each["ours"]["verdict"] == verdict for each in decided)
    told = {each.claim: each.verdict for each in said.find("verdict", section=TITLES[name])}
    confounds = {
        each["id"]: each["ours"]["verdict"]
        for each in decided
        if {test["kind"] for test in each["tests"]} & {"same_data", "disjoint"}
    }
    assert told == confounds
    published = said.find(what="published verdict", section=TITLES[name])
    assert {each.of: each.words for each in published} == {
        each["id"]: each["published"][study_of(name).study.primary]["verdict"]
        for each in decided
        if each["id"] in confounds
    }


def test_why_published_values_do_not_stand_beside_ours_is_said(made):
    text = prose(facts_of(made, studies=[study_of("objectives")]))
    assert "No published value stands beside ours" in text and NOWHERE["apart"][0] in text
    beside = {"models": ["bert"], "measures": [{}], "apart": []}
    text = prose(facts_of(made, studies=[study_of("objectives", beside)]))
    assert "stand beside ours" in text and "No published value" not in text
    alone = prose(facts_of(made, studies=[study_of("objectives", NOWHERE | {"apart": []})]))
    assert "beside ours" not in alone


def test_figures_are_named_where_the_paper_has_them(made):
    bare = prose(facts_of(made, studies=[study_of("sizes")], figures=[]))
    assert "Of our results" not in bare
    text = prose(
        facts_of(made, studies=[study_of("sizes")], figures=["sizes", "gains"], ladders=["Ettin"])
    )
    after = text.partition("Of our results")[2]
    assert "fig:sizes" in after and "fig:gains" in after and "fig:treatments" not in after


def test_what_is_asked_again_is_what_a_study_published_values_of(tmp_path):
    duel = experiment(tmp_path, made_up_scores(2))
    text = prose(facts_of(duel, studies=[study_of("sizes")]))
    assert "This paper asks whether Lion" in text and "adds to the stud" not in text
