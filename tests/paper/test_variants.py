"""What the prose says of other grids, seeds, test sets, collections and claims."""

import re
from dataclasses import replace

import pytest

from lionrank.files import write_json
from lionrank.paper.facts import overlap as overlapping
from tests.support.logs_and_costs import efficiency_of, logged_of
from tests.support.papers import CLAIMS, PROVENANCE, REMOTE, facts_of, params_of, prose, settings_of
from tests.support.results import AT_BEST, GRID, RANDOM, RISING, TWO_TEST_SETS, experiment
from tests.support.said import ORDERS
from tests.support.truths import check
from tests.support.worlds import World

ABOVE = RISING | {"bm25": 0.4}


def world_of(made, **others):
    """Return the world of an experiment, of which all claims are true."""
    world = World(made, logged_of(made.grid), efficiency_of(made.grid), others)
    for claim in world.said:
        check(claim, world)
    return world


def test_claims_are_counted_by_verdict(tmp_path):
    made = experiment(tmp_path, ABOVE)
    demo = world_of(made, claims=CLAIMS)
    counts = {
        "ours replicated": 1,
        "ours contradicted": 1,
        "ours inconclusive": 2,
        "ours not testable": 1,
    }
    published = {"printed holds": 2, "printed does not hold": 2, "printed not testable": 1}
    assert counted_in(demo, "Published Claims") == counts | published
    assert not counted_in(demo, "abstract")
    demo.said.one("value", what="published claims that do not hold")
    stand_in = r"Here \texttt{pydocs} stands in for \texttt{dl19}"
    assert stand_in in prose(facts_of(made))
    several = {"dl19": "docs", "dl20": "long", "x": "docs"}
    scored = CLAIMS | {"stand_ins": several, "scorings": {"docs": "full text", "y": "MaxP"}}
    text = prose(facts_of(made, claims=scored))
    assert (
        r"Here \texttt{docs} (scoring: full text) stands in for \texttt{dl19} and "
        r"\texttt{x}; \texttt{long} stands in for \texttt{dl20}: verdicts are about what stands in"
    ) in text
    assert r"On \texttt{y}, documents are scored in another way than was published (MaxP)." in text
    own = world_of(made, note=None, claims=CLAIMS | {"stand_ins": {}})
    assert "stands in for" not in prose(facts_of(made, **own.others))
    assert counted_in(own, "abstract") == counted_in(own, "Conclusion") == counts


def counted_in(world, section):
    """Return how many published claims have which verdict, as a section says."""
    return {
        claim.what: claim.count
        for claim in world.said.find("count", section=section)
        if claim.what.startswith(("ours ", "printed "))
    }


def test_a_demo_says_so_and_the_full_experiment_does_not(tmp_path):
    made = experiment(tmp_path, ABOVE)
    demo = prose(facts_of(made))
    floats = re.findall(r"\\begin\{(?:table|figure)\*?\}.*?\\end\{(?:table|figure)\*?\}", demo)
    # Figures that are drawn in the text show no results.
    files = [each for each in floats if r"\input{tables/" in each or r"\includegraphics{" in each]
    ours = [each for each in files if r"\label{tab:published_" not in each]
    assert (len(files), len(ours)) == (20, 17)
    assert all((r"(Demonstration on \texttt{pydocs}.)" in each) == (each in ours) for each in files)
    assert all(rf"\href{{{REMOTE}/blob/" in each for each in files)
    plain = {
        re.search(r"\\label\{(.+?)\}", each)[1]
        for each in ours
        if f"ModernBERT: {RANDOM}" not in each
    }
    # What backbones start from does not show in these.
    assert plain == {
        *("tab:claims_lion", "tab:collection", "tab:datasets", "tab:optimizers"),
        "tab:systems_lion",
    }
    assert "emonstration" not in prose(facts_of(made, note=None))
    told = world_of(made, claims=CLAIMS).said.find(what="evidence on the published study")
    assert [claim.section for claim in told] == ["abstract", "Introduction", "Conclusion"]
    whole = world_of(made, claims=CLAIMS, note=None).said
    assert not whole.find(what="evidence on the published study")


def test_the_table_of_results_says_what_stands_beside_published_values(tmp_path):
    made = experiment(tmp_path, ABOVE)
    said = "and, Signed, Ours Minus It: Starred and Coloured"
    assert said not in prose(facts_of(made))
    for account, words in [("printed", "as Printed"), ("files", "by the Authors' Files")]:
        paper = params_of(GRID)["paper"] | {
            "beside_published": {"study": "lion", "account": account}
        }
        text = prose(facts_of(made, paper=paper))
        assert f"Below Each Value, the Published One {words} {said}" in text
        elsewhere = (
            r"Elsewhere, except in Table~\ref{tab:results}, published values are as printed."
        )
        assert (elsewhere in text) == (account == "files")


def test_trainings_that_restart_in_each_epoch_are_named(tmp_path):
    made = experiment(tmp_path, ABOVE)
    said = "each epoch is a run of its own from the weights of the one before"
    assert said not in prose(facts_of(made))
    settings = settings_of(made.grid)
    for name in ("minilm_lion", "gte_lion"):
        settings[name]["restarts"] = "each_epoch"
    some = prose(facts_of(made, settings=settings))
    assert f"In the trainings of MiniLM with Lion and GTE with Lion, {said}" in some
    everywhere = {name: own | {"restarts": "each_epoch"} for name, own in settings.items()}
    assert f"In every training, {said}" in prose(facts_of(made, settings=everywhere))


def test_with_several_seeds_the_tests_are_of_means_over_them(tmp_path):
    for seeds in ((12,), (12, 13)):
        made = experiment(tmp_path / str(len(seeds)), ABOVE, seeds=seeds)
        said = world_of(made, claims=CLAIMS).said
        assert said.one("count", what="seeds").count == len(seeds)
        spread = [claim.of[0] for claim in said.find("value", what="spread")]
        assert spread == ([f"{model.name}_lion" for model in GRID.models] if seeds[1:] else [])


def test_lion_before_adamw_in_the_grid_is_still_lion_against_adamw(tmp_path):
    turned = replace(GRID, optimizers={"lion": "Lion", "adamw": "AdamW"})
    made = experiment(tmp_path, ABOVE, turned, spread=0.001)
    tested = [each for each in made.compared["contrasts"] if each["family"] == "optimizers"]
    assert "gte_adamw" in [each["left"]["training"] for each in tested]
    world = world_of(made, claims=CLAIMS)
    said = world.said.find(subsection="Lion against AdamW")
    assert said.find(*ORDERS, models=["gte"])
    said.one("value", what="difference", of=["gte_lion", "gte_adamw"])


def test_other_test_sets_are_named_with_their_columns_and_thresholds(tmp_path):
    made = experiment(tmp_path, ABOVE, layout=TWO_TEST_SETS)
    text = prose(facts_of(made))
    assert r"Effectiveness on pydocs (\num{24} Topics) and Given (\num{24} Topics);" in text
    assert r"Count Grades of at Least \num{1} on pydocs and Given." in text
    led = world_of(made, claims=CLAIMS).said.one("some", "all", what="other columns led")
    assert led.kind == "all" or led.measures == ["MAP", "MRR@10 on Given"]


def test_it_is_told_where_the_chosen_epochs_alone_were_evaluated(tmp_path):
    text = prose(facts_of(experiment(tmp_path / "best", ABOVE, layout=AT_BEST)))
    assert "on Development Data, the Only One That Was Evaluated on Given." in text
    assert "every checkpoint is evaluated, but on Given the chosen one of each training" in text
    # The best of all may be none of them.
    assert "the highest value in all other columns in which it was evaluated as well." in text
    everywhere = prose(facts_of(experiment(tmp_path / "every", ABOVE, layout=TWO_TEST_SETS)))
    assert "Chosen on Development Data." in everywhere
    assert "every checkpoint is evaluated. " in everywhere


def test_without_tests_between_optimizers_nothing_is_said_of_them(tmp_path):
    made = experiment(tmp_path, ABOVE)
    made.compared["contrasts"] = [
        each for each in made.compared["contrasts"] if each["family"] == "first_stage"
    ]
    world = World(
        made,
        logged_of(GRID),
        efficiency_of(GRID),
        {"claims": CLAIMS, "changes": {"level": 1, "pairs": []}},
    )
    text = prose(facts_of(made, **world.others))
    assert not world.said.find(left="lion")
    assert not world.said.find(what="significant optimizers")
    world.said.one("count", what="trainings significantly above bm25")
    assert r"\ref{tab:byepoch}" not in text
    assert r"\ref{fig:changes}" not in text


def test_a_small_grid_reads_well(tmp_path):
    grid = replace(GRID, models=GRID.models[:1], optimizers={"lion": "Lion"}, epochs=(1,))
    made = experiment(tmp_path, {"bm25": 0.4, "minilm_lion_e1": 0.5}, grid)
    world = world_of(made, claims=CLAIMS)
    text = prose(facts_of(made))
    nouns = "backbones|checkpoints|differences|epochs|trainings"
    assert not re.findall(rf"\b(?:one|only) (?:{nouns})\b", text)
    assert len(world.said.find("count", what="checkpoints above bm25", count=1, total=1)) == 2
    assert "AdamW" not in text[text.index(r"\section{Results}") : text.index(r"\section{Published")]
    assert RANDOM not in text


@pytest.mark.parametrize("models", [1, 2])
@pytest.mark.parametrize(("spread", "kind"), [(0.0001, "all"), (0.15, "none")])
def test_one_and_two_backbones_are_told_of_as_they_were_tested(tmp_path, models, spread, kind):
    grid = replace(GRID, models=GRID.models[:models], epochs=(1, 2))
    scores = {name: ABOVE[name] for name in grid.checkpoints()} | {"bm25": ABOVE["bm25"]}
    world = world_of(experiment(tmp_path, scores, grid, spread=spread), claims=CLAIMS)
    said = world.said.one("none", "some", "all", what="significant optimizers", section="Results")
    assert said.kind == kind


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
                "cited": "",
            }
            for model in GRID.models
        },
        pairs={"triplets": 1_000_000, "held_out": {"pairs": 10_000, "by": "query", "seed": 12}},
    )
    facts["provenance"] = PROVENANCE | {
        "sources": {
            name: {"id": id, "revision": commit, "pinned": True} for name, id in names.items()
        },
        "data": {"pairs": {"rows": {"train": 1_990_000, "held_out": 10_000}}},
    }
    text = prose(facts)
    assert r"first \num{1000000} triplets" in text
    assert (
        r"Of these \num{2000000} pairs, \num{10000} are held out, with all pairs of their" in text
    )
    assert text.count(rf"at revision \texttt{{{commit[:12]}}}") == 2  # MiniLM's and the triplets'


def test_development_queries_among_test_topics_are_counted(tmp_path):
    made = experiment(tmp_path, ABOVE)
    flatter = "Topics that are development queries as well"
    none = prose(facts_of(made))
    assert "no development query is a topic of a test set" in none and flatter not in none
    overlap = [
        {"label": "A & B", "topics": 43, "shared": 1},
        {"label": "C", "topics": 6980, "shared": 50},
    ]
    kept = prose(facts_of(made, overlap=overlap))
    counts = (
        r"\num{1} of the \num{43} topics of A \& B and \num{50} of the \num{6980} topics of C are"
    )
    assert f"{counts} development queries as well, and evaluated like the others." in kept
    assert flatter in kept
    dropped = prose(facts_of(made, overlap=overlap[:1], dropped=True))
    one = r"\num{1} of the \num{43} topics of A \& B is a development query as well"
    assert f"{one}, and left out of the evaluation." in dropped and flatter not in dropped
    test_sets = {"a": {"label": "A & B"}, "c": {"label": "C"}}
    found = {
        "a": {"topics": 43, "shared": {"1": {"nano": "PLAIN-1"}}},
        "c": {"topics": 9, "shared": {}},
        "unreported": {"topics": 1, "shared": {"1": {"nano": "PLAIN-1"}}},
    }
    write_json(tmp_path / "overlap.json", found)
    assert overlapping([tmp_path / "overlap.json"], test_sets) == overlap[:1]
    without = prose(facts_of(made, dev_sets=[]))
    assert "Compared as text" not in without and flatter not in without


def test_a_collection_without_a_section_of_its_own_has_a_plain_one(tmp_path):
    made = experiment(tmp_path, ABOVE)
    text = prose(facts_of(made, collection="mine", training={"format": "beir"}))
    assert r"The collection is \texttt{mine}, of \num{15873} passages" in text


def test_a_collection_of_long_documents_says_where_answers_lie(tmp_path):
    facts = facts_of(experiment(tmp_path, ABOVE))
    late = r"\qty{36}{\percent} of the test topics are answered beyond"
    assert late not in prose(facts)
    facts["selection"]["document_characters"] = 6000
    text = prose(facts)
    assert late in text and r"as \num{6000} characters have room for" in text
