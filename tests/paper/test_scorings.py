"""What the prose says of how documents are scored, and what it reads of that."""

from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

from lionrank.errors import UserError
from lionrank.evaluation.comparisons import alpha
from lionrank.grid import Grid
from lionrank.paper.scorings import OWN_LENGTH, Way, read_scorings, steps, ways
from lionrank.paper.winning_windows import Winning, WonWindows, read_winning
from tests.support.papers import facts_of, prose, source_of
from tests.support.results import BESIDE_OTHERS, GRID, NOTHING_TRAINED, experiment, made_up_scores
from tests.support.said import Said, numbers
from tests.support.scored import (
    DOCS,
    GROUPS,
    SCORINGS,
    counted,
    groups_of,
    scored_experiment,
    told_of,
    winning_of,
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


@pytest.mark.parametrize(
    ("section", "what"),
    [
        ("abstract", "systems best by a scoring"),
        ("Conclusion", "systems best by a scoring"),
        ("Conclusion", "scorings significantly above"),
    ],
)
def test_abstract_and_conclusion_have_what_came_of_each_scoring(made, said, section, what):
    whole = Said.read(source_of(facts_of(made, by_depth=[], **told_of(made))))
    there, here = (each.find("count", what=what) for each in (said, whole))
    assert [claim.named for claim in here if claim.section == section] == [
        claim.named for claim in there
    ]


def test_of_tests_that_were_not_asked_for_nothing_is_said(made):
    (group, *_) = groups_of(made)
    assert [*steps(group, made.compared | {"contrasts": []})] == []
    text = prose(facts_of(made, by_depth=[], ways=[], scorings=[(group, [])]))
    assert "How documents are scored" in text and "Holm's correction, FirstP" not in text
    assert "tab:scoringtests" not in text and "comparisons_scorings.tex" not in text


def test_the_single_tests_are_in_the_appendix(made):
    text = prose(facts_of(made, by_depth=[], **told_of(made)))
    results, appendix = text.split(r"\appendices")
    assert r"Table~\ref{tab:scoringtests} the single tests" in results
    assert r"\label{tab:scoringtests}" in appendix
    assert r"\input{tables/comparisons_scorings.tex}" in appendix


def percentages(said, what):
    return {claim.of: float(claim.words) for claim in said.find("value", what=what)}


def test_the_prose_has_the_ends_of_how_often_a_later_window_wins(made, said):
    winning_of(made)
    path = Path(made.per_query.replicates[0].path).with_name("winning_windows.csv")
    table = pd.read_csv(path, index_col="system").assign(later=lambda rows: 1 - rows["first"])
    for candidates, rows in table.groupby("candidates"):
        for key in ("later", "beyond"):
            told = percentages(said, f"{candidates} won {key}")
            assert [*told.values()] == [
                round(100 * end, 1) for end in (rows[key].min(), rows[key].max())
            ]
            for name, value in told.items():
                assert value == round(100 * rows[key][name], 1)
    several = table["several"][table["candidates"] == "relevant"]
    told = said.find("value", what="relevant candidates with several windows")
    assert {claim.of: claim.words for claim in told} == {
        name: rf"\num{{{several[name]}}}" for name in (several.idxmin(), several.idxmax())
    }


def text_of(made, winning):
    return prose(facts_of(made, by_depth=[], **told_of(made) | {"winning": winning}))


def test_what_all_systems_have_alike_is_told_once_and_of_none_there_is_no_share(made):
    names = [*groups_of(made)[0].scored]
    alike = dict.fromkeys(names, Winning(3, 25.0, 10.0))
    text = text_of(made, [WonWindows("docs_max", 64, 32, {"relevant": alike, "all": alike})])
    on, windows = (
        r"On Long \& Old documents",
        r"more than one window of \num{64} tokens, each \num{32} after the one before",
    )
    assert rf"{on}, \num{{3}} candidates that are judged relevant have {windows}." in text
    assert r"not that of the first window for \qty{25.0}{\percent} of these, and" in text
    assert r"beyond the first \num{512} tokens for \qty{10.0}{\percent}; of all" in text
    text = text_of(made, [WonWindows("docs_max", 64, 32, {"relevant": {}, "all": alike})])
    assert f"{on}, no candidate that is judged relevant has {windows}." in text
    assert "highest logit" not in text_of(made, [])


def test_a_damaged_file_of_winning_windows_is_named(made):
    path = Path(made.per_query.replicates[0].path).with_name("winning_windows.csv")
    winning_of(made)
    pd.read_csv(path).assign(beyond="x").to_csv(path, index=False)
    with pytest.raises(UserError, match=r"winning_windows.csv:2: could not convert .*; delete it"):
        read_winning(path)


def of_full_texts(measure, run_file):
    return counted(measure, run_file) if "full" in measure.test_set else {}


@pytest.mark.parametrize("told", [counted, of_full_texts])
def test_the_caption_says_how_many_values_the_figure_lacks(made, told):
    groups = groups_of(made, told)
    unread = sum(each.unread for each in groups)
    source = source_of(facts_of(made, by_depth=[], scorings=[(each, []) for each in groups]))
    assert unread == (0 if told is counted else 4 * len(groups[0].scored))
    claims = Said.read(source).find("value", what="scorings that the figure lacks")
    assert [numbers(claim.words) for claim in claims] == ([[unread]] if unread else [])


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
        "On pydocs, Given and More, and for development on pydocs dev, query and document are one "
        "text, cut at the length that each",
        rf"FirstP, a document has the score of its first window {of_window} (FirstP~\cite",
        rf"MaxP, a document has the highest score {windows} (MaxP \& Co.~\cite",
        rf"a document has the mean of the \num{{3}} highest scores {windows} (mean of the 3 best",
        r"On Long \& Old documents in full and More in full, query and document are one text (full",
    ):
        assert told in text


def test_the_set_up_says_how_the_documents_of_dev_sets_are_scored(made):
    max_p = SCORINGS["docs_max"]
    told = told_of(made) | {"ways": ways(SCORINGS, DOCS, {"A": max_p, "B": None, "C": max_p})}
    text = prose(facts_of(made, by_depth=[], **told))
    assert "documents MaxP, and for development on A and C, a document has the highest" in text
    assert "and for development on B, query and document are one text" in text
    alone = told | {"ways": ways({}, {"pydocs": DOCS["pydocs"]}, {"A": max_p})}
    text = prose(facts_of(made, by_depth=[], **alone))
    assert "On pydocs, query and document are one text, cut at" in text
    assert "For development on A, a document has the highest score of its windows" in text


def test_without_scorings_there_is_no_trace_of_them(tmp_path):
    assert ways({}, DOCS, {"pydocs dev": None}) == []
    text = prose(facts_of(experiment(tmp_path, made_up_scores(1))))
    assert "How documents are scored" not in text and "dai2019deeper" not in text
    assert "query and document are one text" not in text


def test_averages_have_no_scoring_of_their_own():
    average = {"all": {"label": "All", "test_sets": ["pydocs", "docs_full"]}}
    found = ways({}, {"pydocs": DOCS["pydocs"]} | average, {"A": SCORINGS["docs_full"]})
    assert found == [Way(None, ["pydocs"], []), Way(SCORINGS["docs_full"], [], ["A"])]


@pytest.mark.parametrize(("column", "value"), [("mean", ""), ("mean", "x"), ("read", "many")])
def test_a_damaged_file_is_named(tmp_path, column, value):
    made = scored_experiment(tmp_path, with_scorings())
    path = write_scorings(tmp_path / "scorings.csv", made.per_query, made.grid)
    header, first, *lines = path.read_text().splitlines()
    cells = dict(zip(header.split(","), first.split(","), strict=True)) | {column: value}
    path.write_text("\n".join([header, ",".join(cells.values()), *lines]) + "\n")
    with pytest.raises(UserError, match=r"scorings.csv:2: could not convert .*; delete it and"):
        read_scorings(path, made.grid, DOCS, SCORINGS)
