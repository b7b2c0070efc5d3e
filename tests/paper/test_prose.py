"""The functions by which authors write sentences without typing a result."""

import pytest

from lionrank.errors import UserError
from lionrank.measures import METRICS, Measure
from lionrank.paper.prose import macros
from lionrank.paper.render import render
from tests.support.logs_and_costs import efficiency_of, logged_of
from tests.support.papers import CLAIMS, PAPER, facts_of, findings_of
from tests.support.results import RISING, TWO_TEST_SETS, experiment
from tests.support.said import Said
from tests.support.truths import check
from tests.support.worlds import World


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory):
    made = experiment(
        tmp_path_factory.mktemp("results"), RISING | {"bm25": 0.6}, layout=TWO_TEST_SETS
    )
    made.chosen = dict.fromkeys(made.chosen, 2)
    return made


@pytest.fixture(name="authors", scope="module")
def _authors(made):
    return macros(findings_of(made), CLAIMS["claims"], made.compared)


def say(folder, made, template):
    """Render a template with all facts of the paper."""
    (folder / "main.tex.j2").write_text(template)
    return render(folder, facts_of(made)).text


def test_a_value_is_the_tables_of_a_checkpoint_a_training_or_the_best(made, authors):
    value = authors["value"]
    assert value("minilm_lion_e3") == f"{RISING['minilm_lion_e3']:.4f}"
    # The epoch that development data chose.
    assert value("minilm_lion") == f"{RISING['minilm_lion_e2']:.4f}"
    assert value("bm25") == "0.6000"
    assert value("best") == f"{max(RISING.values()):.4f}"
    of_map = made.results.mean(Measure("pydocs", "map", 1), "gte_adamw_e1")
    assert value("gte_adamw_e1", "map") == f"{of_map:.4f}"
    given = made.results.mean(Measure("given", "recip_rank_10", 1), "gte_adamw_e1")
    assert value("gte_adamw_e1", "recip_rank_10", "given") == f"{given:.4f}"
    assert value("gte_adamw_e1", "recip_rank_10", test_set="given") == f"{given:.4f}"


def test_a_delta_has_a_sign_and_is_of_the_printed_values(authors):
    assert authors["delta"]("minilm_adamw_e1", "bm25") == r"\num[print-implicit-plus]{-0.1000}"
    assert authors["delta"]("best", "bm25") == r"\num[print-implicit-plus]{0.0700}"
    assert authors["delta"]("bm25", "bm25") == r"\num[print-implicit-plus]{0.0000}"
    assert authors["relation"]("best", "bm25") == "above"
    assert authors["relation"]("minilm_adamw_e1", "bm25") == "below"
    assert authors["relation"]("bm25", "bm25") == "level with"


def test_the_best_is_named_with_all_that_are_level(tmp_path, authors):
    assert authors["best"]() == "ModernBERT with Lion at epoch 3"
    level = experiment(tmp_path, dict.fromkeys([*RISING, "bm25"], 0.5))
    named = macros(findings_of(level), CLAIMS["claims"], level.compared)["best"]()
    assert named.startswith("MiniLM with AdamW at epoch 1, MiniLM with AdamW at epoch 2, ")
    assert named.endswith(" and ModernBERT with Lion at epoch 3")


def test_what_is_printed_of_them_is_claimed_as_data(tmp_path, made):
    template = """<< value("minilm_lion", "map") >>
<< delta("gte_lion_e1", "bm25") >>
<< relation("best", "bm25") >>
<< best() >>
<< claim("c3", contradicted="no", otherwise="yes") >>
"""
    said = Said.read(say(tmp_path, made, template))
    of_map, difference, order, best, verdict = said
    assert (of_map.what, of_map.of, of_map.measure) == ("mean", "minilm_lion", "map")
    assert (difference.what, difference.of) == ("difference", ["gte_lion_e1", "bm25"])
    assert (order.kind, order.left, order.right) == ("above", "best", "bm25")
    assert (best.systems, best.test_set) == (["modernbert_lion_e3"], "pydocs")
    assert (verdict.claim, verdict.verdict, verdict.words) == ("c3", "inconclusive", "yes")
    world = World(made, logged_of(made.grid), efficiency_of(made.grid), {"claims": CLAIMS})
    for claim in said:
        check(claim, world)


def test_significance_is_that_of_the_corrected_test_whichever_way_round(made, authors):
    for contrast in made.compared["contrasts"]:
        if (contrast["test_set"], contrast["family"]) == ("pydocs", "optimizers"):
            names = [contrast[side]["training"] for side in ("left", "right")]
            for pair in (names, names[::-1]):
                assert authors["significant"](*pair) == (contrast["p_holm"] < 0.05)
    with pytest.raises(
        UserError, match="minilm_lion and gte_adamw were not compared in ndcg_cut_10"
    ):
        authors["significant"]("minilm_lion", "gte_adamw")
    assert authors["significant"]("gte_lion_e1", "gte_adamw_e1") in (True, False)


def test_a_claim_gives_its_verdict_or_the_wording_for_it(authors):
    claim = authors["claim"]
    assert [claim(f"c{n}") for n in range(1, 6)] == [
        *("replicated", "inconclusive", "inconclusive", "contradicted", "not testable"),
    ]
    assert claim("c4", contradicted="no", otherwise="yes") == "no"
    assert claim("c5", not_testable="?", otherwise="yes") == "?"
    assert claim("c1", contradicted="no", otherwise="yes") == "yes"
    with pytest.raises(UserError, match="c1 has no wording for contradicted, not_testable; give"):
        claim("c1", replicated="yes", inconclusive="perhaps")
    with pytest.raises(UserError, match=r"no verdict is named 'replicates'.*mean 'replicated'"):
        claim("c1", replicates="yes", otherwise="no")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            'value("minilm_loin_e2")',
            r"value: no system on pydocs is named 'minilm_loin_e2' "
            r"\(did you mean 'minilm_lion_e2'\?\); known: bm25, minilm_adamw_e1, .*, best\.",
        ),
        (
            'value("bm25", "nDCG@10")',
            r"value: no metric of pydocs is named 'nDCG@10'.*known: ndcg_cut_10, map",
        ),
        (
            'delta("bm25", "gte_lion_e4")',
            r"delta: no system on pydocs is named 'gte_lion_e4' \(did you mean 'gte_lion",
        ),
        (
            'best("map", "pydoc")',
            r"best: no test set is named 'pydoc' "
            r"\(did you mean 'pydocs'\?\); known: pydocs, given\.",
        ),
        ('best("map", "given")', r"best: no metric of given is named 'map'"),
        ('value("bm25", "recip_rank_10", "given")', r"no system on given is named 'bm25'"),
        (
            'claim("c17")',
            r"claim: no claim is named 'c17' \(did you mean 'c1'\?\); known: c1, c2, c3, c4, c5\.",
        ),
        ('relation("x", "bm25")', r"relation: no system on pydocs is named 'x'; known: bm25"),
        ('significant("x", "bm25")', r"significant: no system on pydocs is named 'x'; known"),
        ('made_by("results_tabel")', r"results_tabel"),
    ],
)
def test_an_unknown_name_is_named_with_template_line_and_what_is_known(
    tmp_path, made, call, message
):
    with pytest.raises(UserError, match=rf"^main\.tex\.j2, line 3: .*{message}"):
        say(tmp_path, made, f"One\ntwo\n<< {call} >>\n")


def test_an_error_in_an_included_section_names_the_section(tmp_path, made):
    (tmp_path / "sections").mkdir()
    (tmp_path / "sections" / "mine.tex.j2").write_text('\n<< value("nosuch") >>')
    with pytest.raises(UserError, match=r"^sections/mine\.tex\.j2, line 2: value: no system"):
        say(tmp_path, made, '<% include "sections/mine.tex.j2" %>')


def test_every_example_of_the_authors_guide_renders(tmp_path, made):
    guide = (PAPER / "README.md").read_text()
    examples = [block.split("```")[0] for block in guide.split("```tex\n")[1:]]
    assert len(examples) >= 5
    for name in ("value", "delta", "relation", "best", "significant", "claim"):
        assert any(f"{name}(" in example for example in examples), name
    for example in examples:
        # They are written for the grid of config.yaml, whose first test set is another one.
        said = say(tmp_path, made, example.replace('"marco_qa_dev"', '"given"'))
        assert "<<" not in said
        assert said.strip()


def test_the_guide_lists_every_metric_by_its_key():
    guide = (PAPER / "README.md").read_text()
    assert all(f"`{key}` ({label})" in guide for key, label in METRICS.items())
