"""What the paper is told of the experiment, and the parts that it is made of."""

from lionrank.config.plan import Plan
from lionrank.config.plan_of_paper import SEARCH_TABLES
from lionrank.grid import Grid
from tests.support.configs import ROOT, changed, overlaid
from tests.support.plans import PLAN
from tests.support.searches import SEARCHED


def test_the_paper_prints_the_grid_by_labels():
    grid = PLAN.paper.grid()
    assert grid["models"]["gte"] == {"label": "GTE", "start": "pretrained"}
    assert [*grid["models"]] == ["minilm", "gte", "modernbert"]
    assert grid["optimizers"] == {"adamw": "AdamW", "lion": "Lion"}
    assert grid["epochs"] == [1, 2, 3]


def test_a_start_without_weights_is_random_whatever_its_size():
    full_size = {"pretrained": None, "architecture": {"model_type": "bert"}, "tokenizer": "gte"}
    config = changed("models.gte", {"label": "GTE"} | full_size)
    assert Plan.read(config, ROOT).paper.grid()["models"]["gte"]["start"] == "random start"


def test_the_paper_knows_which_of_its_test_sets_have_a_first_stage_and_which_grades_count():
    assert PLAN.paper.test_sets() == {
        name: {"label": label, "level": 1, "levels": levels, "every_epoch": True}
        for name, label, levels in (
            ("dl19", "TREC DL 2019", [1, 2]),
            ("dl20", "TREC DL 2020", [1, 2]),
            ("marco_qa_dev", "MS MARCO QA v1.1 validation", [1]),
        )
    }
    ranked = Grid.build(**PLAN.paper.grid()).first_stages
    assert {name: each.label for name, each in ranked.items()} == {"dl19": "BM25", "dl20": "BM25"}


def test_the_paper_knows_what_its_averages_are_over():
    overlay = """
    averages:
      deep: {label: Deep Learning, test_sets: [dl19, dl20]}
      mixed: {label: Mixed, test_sets: [dl20, marco_qa_dev]}
      without: {label: Without, test_sets: [dl19, pydocs]}
    """
    plan = Plan.read(overlaid(overlay), ROOT)
    shown = plan.paper.test_sets()
    assert list(shown) == ["dl19", "dl20", "marco_qa_dev", "deep", "mixed"]
    assert shown["deep"] == {
        "label": "Deep Learning",
        "level": None,
        "levels": [],
        "every_epoch": True,
        "test_sets": ["dl19", "dl20"],
    }
    # What one of its test sets has not, an average cannot have.
    assert Grid.build(**plan.paper.grid()).first_stages.keys() == {"dl19", "dl20", "deep"}


def test_a_paper_with_an_average_has_its_test_sets_and_where_it_compares_by_it_the_wins():
    overlay = "averages: {deep: {label: Deep Learning, test_sets: [dl19, dl20]}}"
    plan = Plan.read(overlaid(overlay), ROOT)
    assert {*plan.paper.parts()} - {*PLAN.paper.parts()} == {
        "figures/differences.pdf",
        "tables/sets.tex",
    }
    compared = "comparisons: {measures: [{test_set: deep, metric: map}]}"
    plan = Plan.read(overlaid(overlay, compared), ROOT)
    assert {"tables/sets.tex", "tables/wins.tex"} < {*plan.paper.parts()}


def test_topics_that_changed_are_part_of_a_paper_on_two_optimizers(small):
    changes = {"figures/changes.pdf", "tables/changes.tex"}
    assert changes < {*PLAN.paper.parts()}
    assert {*PLAN.paper.parts()} - {*small.paper.parts()} == changes


def searched(*optimizers):
    """Return an overlay by which some treatments have their settings searched for."""
    rates = "{learning_rate: {low: 1.0e-7, high: 1.0e-4, log: true}}"
    return f"""
    treatments:
      tunedadamw: {{label: Tuned AdamW, optimizer: adamw, objective: bce, data: pairs}}
      tunedlion: {{label: Tuned Lion, optimizer: lion, objective: bce, data: pairs}}
    grid: {{optimizers: [{", ".join(optimizers)}]}}
    search: {{trials: 2, spaces: {{tunedadamw: {rates}, tunedlion: {rates}}}}}
    """


def test_topics_change_between_optimizers_that_were_both_searched_for_or_neither():
    for like in (["tunedadamw", "tunedlion"], ["lion", "adamw", "tunedlion"]):
        assert "changes" in figures_of(searched(*like))
    for unlike in (["lion", "tunedlion"], ["adamw", "tunedlion"]):
        assert "changes" not in figures_of(searched(*unlike))


def test_gains_by_tuning_are_drawn_where_that_is_all_that_is_compared():
    assert "gains" in figures_of(LADDER, searched("lion", "tunedlion"))
    assert "gains" not in figures_of(LADDER, searched("adamw", "tunedlion"))


LADDER = """
    ladders: {ettin: {label: Ettin, models: [ettin17m, ettin32m, ettin68m]}}
    grid: {models: [bert, ettin17m, ettin68m]}
    """


def figures_of(*overlays):
    return {*Plan.read(overlaid(*overlays), ROOT).paper.figures()}


def test_a_ladder_with_two_models_in_the_grid_has_figures_against_size():
    assert not {"sizes", "gains", "treatments"} & {*PLAN.paper.figures()}
    assert figures_of(LADDER) - {*PLAN.paper.figures()} == {"sizes", "gains"}
    assert not {"sizes", "gains"} & figures_of(LADDER, "grid: {models: [bert, ettin17m]}")


def test_gains_are_drawn_where_treatments_of_a_model_are_compared_in_the_primary_metric():
    assert "gains" not in figures_of(LADDER, "comparisons: {families: [models, first_stage]}")
    by_map = "comparisons: {measures: [{test_set: dl19, metric: map}]}"
    assert "gains" not in figures_of(LADDER, by_map)
    one = "grid: {optimizers: [adamw]}"
    assert "gains" not in figures_of(LADDER, one)
    assert "gains" not in figures_of(LADDER, "comparisons: {families: [tuning]}")
    objectives = """
    grid: {optimizers: [bce, hinge]}
    """
    overlay = (ROOT / "config/objectives.yaml").read_text()
    assert {"gains", "treatments"} < figures_of(LADDER, overlay, objectives)


def test_with_several_seeds_the_paper_has_their_means_and_shows_how_they_vary():
    assert (PLAN.paper.means(), PLAN.paper.of_seeds()) == ("results/metrics.csv", [])
    of_seeds = {"figures/seeds.pdf", "tables/variance.tex"}
    assert not of_seeds & {*PLAN.paper.parts()}
    several = Plan.read(overlaid("grid: {seeds: [12, 13]}"), ROOT).paper
    assert several.means() == "results/over_seeds.csv"
    assert several.of_seeds() == ["results/over_seeds.csv", "results/variance.json"]
    assert {*several.parts()} == {*PLAN.paper.parts()} | of_seeds
    untrained = """
    grid: {models: [], seeds: [12, 13], systems: [theirs]}
    systems: {theirs: {label: Theirs, checkpoint: ./theirs}}
    """
    assert Plan.read(overlaid(untrained), ROOT).paper.means() == "results/metrics.csv"


def test_searches_have_tables_and_are_told_of_by_the_labels_of_their_dev_sets():
    tables = {f"tables/{name}.tex" for name in SEARCH_TABLES}
    assert not tables & {*PLAN.paper.parts()}
    plan = Plan.read(overlaid(SEARCHED), ROOT)
    assert tables < {*plan.paper.parts()}
    labels = [each.label for each in plan.dev_sets.values()]
    assert plan.paper.search() == {"sampler": "quasi_random", "dev_sets": labels}


def test_searches_have_figures_of_their_learning_rates_and_of_fewer_trials():
    of_searches = {"search", "budget"}
    assert not of_searches & {*PLAN.paper.figures()}
    assert of_searches < figures_of(SEARCHED)
    one = "search: {trials: 1, spaces: {tunedlion: {weight_decay: [0.1, 1.0]}}}"
    assert of_searches & figures_of(SEARCHED, one) == {"search"}
    decays = """
    search: {trials: 2, spaces: {tunedlion: {weight_decay: [0.1, 1.0]}}}
    """
    without = SEARCHED.split("search:")[0]
    assert of_searches & figures_of(without, decays) == {"budget"}
