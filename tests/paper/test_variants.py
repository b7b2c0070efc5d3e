"""What the prose says of other grids, seeds, test sets, collections and claims."""

import re

import pytest

from lionrank.grid import Grid
from tests.support.papers import (
    CLAIMS,
    GRID,
    PROVENANCE,
    RANDOM,
    REMOTE,
    RISING,
    TWO_TEST_SETS,
    experiment,
    facts_of,
    params_of,
    prose,
    relation,
    sentences,
)

ABOVE = RISING | {"bm25": 0.4}


def test_claims_are_counted_by_verdict(tmp_path):
    made = experiment(tmp_path, ABOVE)
    text = prose(facts_of(made))
    said = "one is replicated, one is contradicted, two are inconclusive and one is not testable"
    assert f"Of the findings, {said}." in text
    assert "do not bear out c3 and c4." in text
    assert "two findings hold, two do not and one cannot be told." in text
    assert r"Here \texttt{pydocs} stands in for \texttt{dl19}" in text
    own = prose(facts_of(made, note=None, claims=CLAIMS | {"stand_ins": {}}))
    assert "stands in for" not in own
    assert f"Of five findings of the published comparison, {said} here." in own


def test_a_demo_says_so_and_the_full_experiment_does_not(tmp_path):
    made = experiment(tmp_path, ABOVE)
    demo = prose(facts_of(made))
    floats = re.findall(r"\\begin\{(?:table|figure)\*?\}.*?\\end\{(?:table|figure)\*?\}", demo)
    # Figures that are drawn in the text show no results.
    files = [each for each in floats if r"\input{tables/" in each or r"\includegraphics{" in each]
    assert len(files) == 16
    assert all(r"(Demonstration on \texttt{pydocs}.)" in each for each in files)
    assert all(rf"\href{{{REMOTE}/blob/" in each for each in files)
    plain = {
        re.search(r"\\label\{(.+?)\}", each)[1]
        for each in files
        if f"ModernBERT: {RANDOM}" not in each
    }
    # What backbones start from does not show in these.
    assert plain == {
        *("tab:claims", "tab:collection", "tab:datasets", "tab:optimizers", "tab:systems")
    }
    assert "not evidence about the published" in demo
    assert "emonstration" not in prose(facts_of(made, note=None))


def test_the_table_of_results_says_what_stands_beside_published_values(tmp_path):
    made = experiment(tmp_path, ABOVE)
    said = "Below Each Value, the Published One and, Signed, Ours Minus It: Starred and Coloured"
    assert said not in prose(facts_of(made))
    paper = params_of(GRID)["paper"] | {"beside_published": True}
    assert said in prose(facts_of(made, paper=paper))


def test_with_several_seeds_the_tests_are_of_means_over_them(tmp_path):
    one = prose(facts_of(experiment(tmp_path / "one", ABOVE)))
    made = experiment(tmp_path / "two", ABOVE, seeds=(12, 13))
    two = prose(facts_of(made))
    assert "Every training was run once. The tests are over topics, not over trainings" in one
    assert "standard deviation of the difference is" not in one
    assert "Every training was run once" not in two
    assert "Every training was done with two seeds" in two
    (said,) = sentences(
        r"Over two seeds, the standard deviation of the difference is (.+?)\. ", two
    )
    spreads = [
        each["spread"]
        for each in made.compared["contrasts"]
        if each["family"] == "optimizers" and each["metric"] == "ndcg_cut_10"
    ]
    assert [float(value) for value in re.findall(r"0\.\d{4}", said)] == [
        pytest.approx(spread, abs=0.5001e-4) for spread in spreads
    ]


def test_lion_before_adamw_in_the_grid_is_still_lion_against_adamw(tmp_path):
    turned = Grid(GRID.models, {"lion": "Lion", "adamw": "AdamW"}, GRID.epochs)
    made = experiment(tmp_path, ABOVE, turned, spread=0.001)
    (contrast,) = [
        each
        for each in made.compared["contrasts"]
        if each["family"] == "optimizers"
        and each["left"]["training"] == "gte_adamw"
        and each["metric"] == "ndcg_cut_10"
    ]
    text = prose(facts_of(made))
    ((word, difference, low),) = sentences(
        r"With GTE, Lion is (\w+) AdamW \(.*?difference \\num\{(.+?)\}, interval \\num\{(.+?)\}",
        text,
    )
    assert word == relation(contrast["right_mean"], contrast["left_mean"])
    assert float(difference) == pytest.approx(-contrast["difference"], abs=0.5001e-4)
    assert float(low) == pytest.approx(-contrast["high"], abs=0.5001e-4)


def test_other_test_sets_are_named_with_their_columns_and_thresholds(tmp_path):
    made = experiment(tmp_path, ABOVE, layout=TWO_TEST_SETS)
    text = prose(facts_of(made))
    assert r"Effectiveness on pydocs (\num{24} Topics) and Given (\num{24} Topics);" in text
    assert r"Count Grades of at Least \num{1} on pydocs and Given." in text
    assert "in MAP and MRR@10 on Given" in text or "in all other columns as well" in text


def test_without_tests_between_optimizers_nothing_is_said_of_them(tmp_path):
    made = experiment(tmp_path, ABOVE)
    made.compared["contrasts"] = [
        each for each in made.compared["contrasts"] if each["family"] == "first_stage"
    ]
    text = prose(facts_of(made, changes={"level": 1, "pairs": []}))
    # The introduction tells what was published.
    assert "Lion is" not in text[text.index(r"\section{Related Work}") :]
    assert "significantly above BM25" in text
    assert r"\ref{tab:byepoch}" not in text
    assert r"\ref{fig:changes}" not in text


def test_a_small_grid_reads_well(tmp_path):
    grid = Grid.build(
        {"minilm": {"label": "MiniLM", "start": "pretrained"}}, {"lion": "Lion"}, epochs=[1]
    )
    text = prose(facts_of(experiment(tmp_path, {"bm25": 0.4, "minilm_lion_e1": 0.5}, grid)))
    assert "one backbone with Lion for one epoch, and let the resulting checkpoint rerank" in text
    assert "has the only checkpoint." in text
    assert "The only checkpoint is above BM25." in text
    assert "AdamW" not in text[text.index(r"\section{Results}") : text.index(r"\section{Published")]
    assert RANDOM not in text


def test_values_from_outside_are_escaped(tmp_path):
    made = experiment(tmp_path, ABOVE)
    text = prose(facts_of(made))
    assert r"\title{Lion \& AdamW" in text
    assert r"pdfauthor = {Ada Löve, Bo}" in text
    assert r"\IEEEauthorblockA{R\&D}" in text
    assert r"A \& B" in text
    assert r"\texttt{sqlalchemy\_x}" in text


def test_a_paper_without_commit_bears_no_date(tmp_path):
    made = experiment(tmp_path, ABOVE)
    none = {"commit": None, "dirty": None, "time": None}
    facts = facts_of(made)
    assert r"\pdfinfoomitdate" not in prose(facts)
    facts["provenance"] = PROVENANCE | {"git": none}
    text = prose(facts)
    assert r"\pdfinfoomitdate" in text
    assert "no git commit" in text


def test_the_experiment_names_its_sources_and_what_was_held_out(tmp_path):
    made = experiment(tmp_path, ABOVE)
    commit = "abcdef0123456789" * 2 + "01234567"
    names = {"minilm": "microsoft/MiniLM", "msmarco_triplets": "sentence-transformers/msmarco"}
    facts = facts_of(
        made,
        note=None,
        collection="msmarco",
        training={"format": "msmarco"},
        backbones={
            model.name: {
                "pretrained": "minilm" if model.is_pretrained else None,
                "architecture": {},
            }
            for model in GRID.models
        },
        pairs={"triplets": 1_000_000, "held_out": {"pairs": 10_000, "by": "query", "seed": 12}},
    )
    facts["provenance"] = PROVENANCE | {
        "sources": {name: {"id": id, "revision": commit} for name, id in names.items()},
        "pairs": {"rows": {"train": 1_990_000, "held_out": 10_000}},
    }
    text = prose(facts)
    assert r"first \num{1000000} triplets" in text
    assert (
        r"Of these \num{2000000} pairs, \num{10000} are held out, with all pairs of their" in text
    )
    assert text.count(rf"at revision \texttt{{{commit[:12]}}}") == 2  # MiniLM's and the triplets'


def test_a_collection_without_a_section_of_its_own_has_a_plain_one(tmp_path):
    made = experiment(tmp_path, ABOVE)
    text = prose(facts_of(made, collection="mine", training={"format": "beir"}))
    assert r"The collection is \texttt{mine}, of \num{15873} passages" in text
