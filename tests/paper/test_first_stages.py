"""What the paper says where the first stage is not BM25 everywhere: tables, captions and prose."""

import pytest

from lionrank.grid import VARIOUS
from lionrank.paper.figures.epochs import epochs_figure
from lionrank.paper.figures.style import style
from lionrank.paper.latex import escape
from lionrank.paper.tables import comparisons, results
from tests.support.drawings import STYLE, legend_of
from tests.support.papers import (
    LISTS,
    PROVENANCE,
    facts_of,
    params_of,
    printed_first_stages,
    prose,
    rows_of,
    tex,
)
from tests.support.results import BM25, GRID, TWO_TEST_SETS
from tests.support.truths import check
from tests.support.worlds import OF_OTHER_FIRST_STAGES, build

DENSE = [name for name in OF_OTHER_FIRST_STAGES if name.startswith("dense")]
MIXED = [name for name in OF_OTHER_FIRST_STAGES if name.startswith("mixed")]


@pytest.fixture(params=OF_OTHER_FIRST_STAGES, name="world", scope="module")
def _world(request, tmp_path_factory):
    return build(request.param, tmp_path_factory.mktemp("world"))


def text_of(world, **changes):
    others = world.others | changes
    return prose(facts_of(world.made, world.logged, efficiency=world.costs, **others))


def test_every_claim_is_what_the_tables_say_and_its_words_agree(world):
    assert len(world.said) > 15
    for claim in world.said:
        check(claim, world)


def test_systems_are_compared_with_the_first_stage_of_each_test_set(world):
    compared, ranked = world.made.compared["contrasts"], world.grid.first_stages
    found = [each for each in compared if each["family"] == "first_stage"]
    assert {each["test_set"] for each in found} == {*world.made.results.layout.shown_test_sets}
    assert all(each["right"]["training"] == ranked[each["test_set"]].name for each in found)


def test_the_first_row_of_the_table_has_the_first_stage_of_each_column(world):
    made, ranked = world.made, world.grid.first_stages
    layout = made.results.layout
    table = results.table(made.results, world.grid, made.chosen)
    label, _, _, *cells = rows_of(tex("results", table))[0]
    labels = {ranked[name].label for name in layout.shown_test_sets}
    assert label == (escape(*labels) if len(labels) == 1 else VARIOUS.label)
    means = [float(cell.removeprefix(r"\bfseries ")) for cell in cells if not cell.startswith("[")]
    assert means == [made.results.mean(c, ranked[c.test_set].name) for c in layout.columns]
    assert table.rows[0]["model"] == ("dense" if len(labels) == 1 else VARIOUS.name)


def test_by_threshold_each_test_set_has_its_own_first_stage(world):
    made = world.made
    table = tex("levels", results.levels(made.results, world.grid, made.chosen))
    assert rows_of(table)[0][0] == escape(world.grid.first_stages["pydocs"].label)


def test_the_table_of_tests_names_what_was_compared_with(world):
    labels = {name: entry.label for name, entry in world.made.results.layout.test_sets.items()}
    table = tex(
        "comparisons", comparisons.chosen(world.made.compared, labels, "pydocs", world.grid)
    )
    label = escape(world.grid.first_stages["pydocs"].label)
    systems = len(world.grid.trainings()) + len(world.grid.systems)
    assert table.count(f"$-$ {label} &") == systems


def test_the_line_across_is_that_of_the_first_test_set(world):
    if not world.grid.trainings():
        return
    with style(STYLE):
        figure = epochs_figure(world.made.results, world.grid, world.made.chosen)
    assert legend_of(figure)[-1] == world.grid.first_stages["pydocs"].label


def test_results_captions_and_the_abstract_do_not_speak_of_bm25(world):
    text = text_of(world)
    label = escape(world.grid.first_stages["pydocs"].label)
    for start, end in (
        (r"\begin{abstract}", r"\end{abstract}"),
        (r"\section{Results}", r"\section{Discussion}"),
    ):
        part = text[text.index(start) : text.index(end)]
        assert label in part and "BM25" not in part
    assert r"{first stage};" in text and "index and BM25" not in text


@pytest.mark.parametrize("name", MIXED)
def test_where_they_differ_the_caption_and_the_set_up_say_which_is_where(tmp_path, name):
    text = text_of(build(name, tmp_path))
    assert r"The First Stage Is SPLADE++ on pydocs; All-MiniLM\_L6 on Given." in text
    assert (
        "The first stage on pydocs is SPLADE++, taken from a run file made elsewhere; on Given, it "
        r"is All-MiniLM\_L6, a bi-encoder~\cite{reimers2019sentence} from the Python package "
    ) in text
    assert (
        r"The first \num{20} passages of each topic are reranked on pydocs, and the first \num{50} "
        "on Given."
    ) in text
    assert r"first \num{20} passages of SPLADE++" in text


@pytest.mark.parametrize("name", DENSE)
def test_where_they_are_the_same_it_is_said_once(tmp_path, name):
    text = text_of(build(name, tmp_path))
    assert "The First Stage Is" not in text
    assert r"The first stage is All-MiniLM\_L6, a bi-encoder" in text
    assert r"The first \num{50} passages of each topic are reranked. Scores" in text


def test_bm25_is_told_of_where_it_finds_negatives_only(tmp_path):
    text = text_of(build("dense 0", tmp_path))
    parameters = r"$k_1 = \num{0.9}$ and $b = \num{0.4}$"
    assert f"BM25 is computed by Pyserini~\\cite{{lin2021pyserini}} with {parameters}." in text
    assert "BM25 finds the negatives of the training triplets" in text
    at_random = params_of(GRID)["pairs"] | {"random_negatives": 1}
    drawn = text_of(build("dense 0", tmp_path), pairs=at_random)
    assert "BM25 is computed" not in drawn and "finds the negatives" not in drawn


def test_bm25_beside_another_is_told_with_its_parameters(tmp_path):
    world = build("mixed 0", tmp_path)
    first_stages = printed_first_stages(world.grid, TWO_TEST_SETS)
    first_stages[1] |= BM25 | {"kind": "bm25", "source": None}
    text = text_of(world, first_stages=first_stages)
    assert "made elsewhere; on Given, it is BM25 by Pyserini" in text
    assert "BM25 is computed" not in text
    first_stages[1] |= {"kind": "given"}
    assert "on Given, it is BM25 as the collection brings it." in text_of(
        world, first_stages=first_stages
    )


def test_data_drawn_from_another_first_stage_are_said_to_be(tmp_path):
    counts = {"train": 1800, "held_out": 0}
    text = text_of(
        build("dense 0", tmp_path),
        pairs=params_of(GRID)["pairs"] | {"random_negatives": 1},
        learnt_from={"drawn": LISTS | {"ranking": "All-MiniLM_L6"}},
        provenance=PROVENANCE | {"data": PROVENANCE["data"] | {"drawn": {"passages": counts}}},
    )
    assert r"All-MiniLM\_L6 finds the negatives of the training" in text
    assert r"at ranks \num{1} to \num{100} of All-MiniLM\_L6" in text
