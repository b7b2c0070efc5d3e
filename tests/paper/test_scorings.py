"""What the prose says of how documents are scored, and what it reads of that."""

from itertools import combinations

import pytest

from lionrank.errors import UserError
from lionrank.evaluation.comparisons import alpha
from lionrank.grid import Grid
from lionrank.paper.scorings import OWN_LENGTH, Way, read_scorings, steps, ways
from tests.support.papers import facts_of, prose, source_of
from tests.support.results import BESIDE_OTHERS, GRID, NOTHING_TRAINED, experiment, made_up_scores
from tests.support.said import Said
from tests.support.scored import (
    DOCS,
    GROUPS,
    SCORINGS,
    groups_of,
    scored_experiment,
    told_of,
    with_scorings,
    write_scorings,
)

WORLDS = {
    "many level": (GRID, 0, 0.05),
    "hardly any significant": (GRID, 1, 0.3),
    "nearly all significant": (GRID, 3, 0.001),
    "beside others": (BESIDE_OTHERS, 1, 0.05),
    "nothing trained": (NOTHING_TRAINED, 1, 0.05),
}


@pytest.fixture(params=WORLDS, scope="module", name="made")
def _made(request, tmp_path_factory):
    grid, seed, spread = WORLDS[request.param]
    return scored_experiment(tmp_path_factory.mktemp("scored"), with_scorings(grid), seed, spread)


@pytest.fixture(scope="module", name="said")
def _said(made):
    text = source_of(facts_of(made, by_depth=[], **told_of(made)))
    return Said.read(text).find(section="Results", subsection="How documents are scored")


def test_how_often_each_scoring_is_best_is_what_the_table_has_in_bold(made, said):
    told = {claim.of: claim.count for claim in said.find("count", what="systems best by a scoring")}
    expected = dict.fromkeys((name for group in GROUPS for name in group), 0)
    for group in groups_of(made):
        for scored in group.scored.values():
            highest = max(each.mean for each in scored.values())
            for name, each in scored.items():
                expected[name] += each.mean == highest
    assert told == expected


def test_what_is_significantly_above_or_below_is_what_the_tests_say(made, said):
    told = {
        (relation, claim.of, claim.against): claim.count
        for relation in ("above", "below")
        for claim in said.find("count", what=f"scorings significantly {relation}")
    }
    expected: dict[tuple, int] = {}
    tested = set()
    for each in made.compared["contrasts"]:
        if each["family"] == "scorings":
            sides = each["test_set"], each["right"]["test_set"]
            tested.add(sides)
            if each["p_holm"] < alpha(made.compared):
                relation = "above" if each["difference"] > 0 else "below"
                key = (relation, *sides)
                expected[key] = expected.get(key, 0) + 1
    assert told == expected
    assert tested == {(b, a) for group in GROUPS for a, b in combinations(group, 2)}
    shown = {(later, earlier) for _, later, earlier in expected}
    for group in GROUPS:
        pairs = {(later, earlier) for earlier, later in combinations(group, 2)}
        others = [claim for claim in said.find("none") if claim.of == list(group)]
        assert bool(others) == bool(pairs - shown)


def test_of_tests_that_were_not_asked_for_nothing_is_said(made):
    (group, *_) = groups_of(made)
    assert [*steps(group, made.compared | {"contrasts": []})] == []
    text = prose(facts_of(made, by_depth=[], ways=[], scorings=[(group, [])]))
    assert "How documents are scored" in text and "Holm's correction, FirstP" not in text


def test_one_training_is_not_counted(tmp_path):
    one = Grid.build(
        {"minilm": {"label": "MiniLM", "start": "pretrained"}},
        {"lion": "Lion"},
        (1, 2),
        first_stages={"pydocs": {"name": "bm25", "label": "BM25"}},
    )
    made = scored_experiment(tmp_path, with_scorings(one), seed=1)
    text = prose(facts_of(made, by_depth=[], **told_of(made)))
    assert r"On Long \& Old documents, the highest nDCG@10 of the only training is that of" in text


def test_groups_are_called_by_what_their_labels_begin_with(made, tmp_path):
    docs, more = groups_of(made)
    assert (docs.label, more.label) == ("Long & Old documents", "More")
    assert [*docs.scorings.values()] == [SCORINGS[name]["label"] for name in GROUPS[0]]
    assert [*more.scorings.values()] == [OWN_LENGTH, "full text"]
    apart = DOCS | {"more_own": DOCS["more_own"] | {"label": "Less"}}
    path = write_scorings(tmp_path / "scorings.csv", made.per_query, made.grid)
    assert read_scorings(path, made.grid, apart, SCORINGS)[1].label == "Less and More in full"
    assert (docs.metric, docs.measure) == ("ndcg_cut_10", "nDCG@10")


def test_the_set_up_says_how_the_documents_of_each_test_set_are_scored(made):
    text = prose(facts_of(made, by_depth=[], **told_of(made)))
    of_window = r"of \num{256} tokens"
    windows = rf"of its windows {of_window}, each \num{{128}} tokens after the one before"
    for told in (
        "On pydocs, Given and More, query and document are one text, cut at the length that each",
        rf"FirstP, a document has the score of its first window {of_window} (FirstP~\cite",
        rf"MaxP, a document has the highest score {windows} (MaxP \& Co.~\cite",
        rf"a document has the mean of the \num{{3}} highest scores {windows} (mean of the 3 best",
        r"On Long \& Old documents in full and More in full, query and document are one text (full",
    ):
        assert told in text


def test_without_scorings_there_is_no_trace_of_them(tmp_path):
    assert ways({}, DOCS) == []
    text = prose(facts_of(experiment(tmp_path, made_up_scores(1))))
    assert "How documents are scored" not in text and "dai2019deeper" not in text
    assert "query and document are one text" not in text


def test_averages_have_no_scoring_of_their_own():
    average = {"all": {"label": "All", "test_sets": ["pydocs", "docs_full"]}}
    found = ways({"docs_full": SCORINGS["docs_full"]}, {"pydocs": DOCS["pydocs"]} | average)
    assert found == [Way(None, ["pydocs"])]


@pytest.mark.parametrize(("column", "value"), [("mean", ""), ("mean", "x"), ("read", "many")])
def test_a_damaged_file_is_named(tmp_path, column, value):
    made = scored_experiment(tmp_path, with_scorings())
    path = write_scorings(tmp_path / "scorings.csv", made.per_query, made.grid)
    header, first, *lines = path.read_text().splitlines()
    cells = dict(zip(header.split(","), first.split(","), strict=True)) | {column: value}
    path.write_text("\n".join([header, ",".join(cells.values()), *lines]) + "\n")
    with pytest.raises(UserError, match=r"scorings.csv:2: could not convert .*; delete it and"):
        read_scorings(path, made.grid, DOCS, SCORINGS)
