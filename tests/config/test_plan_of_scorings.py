"""How the documents of an experiment's sets are scored, and where their windows' logits lie."""

import pytest

from lionrank.config.plan import Plan
from lionrank.config.scorings import Scoring
from lionrank.errors import UserError
from tests.support.configs import ROOT, overlaid
from tests.support.plans import PLAN

OVERLAY = """
scorings:
  first_p: {label: FirstP, aggregation: first_p, window: 256, stride: 128}
  max_p: {label: MaxP, aggregation: max_p, window: 256, stride: 128}
  alone: {label: First alone, aggregation: first_p, window: 256}
  full: {label: Full text, aggregation: full, max_length: null}
first_stages:
  dense: {label: Dense, bi_encoder: ./dense}
test_sets:
  dl19: {scoring: max_p}
  dl19_first: {label: A, collection: msmarco, topics: dl19, scoring: first_p}
  dl19_full: {label: B, collection: msmarco, topics: dl19, scoring: full}
  dl19_own: {label: C, collection: msmarco, topics: dl19}
  dl19_again: {label: D, collection: msmarco, topics: dl19, scoring: full}
  dl19_dense: {label: E, collection: msmarco, topics: dl19, first_stage: dense, scoring: max_p}
dev_sets:
  nano_nq: {scoring: alone}
grid:
  test_sets: [dl20, dl19, dl19_full, dl19_first, dl19_own, dl19_again, dl19_dense]
  dev_sets: [nano_nq, nano_msmarco]
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan.read(overlaid(OVERLAY), ROOT)


def test_without_scorings_there_is_nothing_of_them():
    assert (PLAN.scorings.groups(), PLAN.scorings.divisions()) == ([], {})
    assert PLAN.scorings.folders_pattern is None
    assert {PLAN.scorings.of(name) for name in PLAN.test_sets} == {None}


def test_a_set_has_the_scoring_that_it_names(plan):
    assert plan.scorings.of("dl19") == Scoring("max_p", window=256, stride=128)
    assert plan.scorings.of("dl19_full") == Scoring("full")
    assert plan.scorings.of("dl20") is None
    assert plan.scorings.of_dev_sets(plan.dev_sets) == [
        {"aggregation": "first_p", "window": 256, "stride": None, "k": None, "max_length": None},
        None,
    ]


def test_aggregations_of_the_same_windows_share_their_file(plan):
    folder = "reranking/windows/msmarco"
    for test_set, path in (
        ("dl19", f"{folder}/dl19/w256s128/gte_lion_e1.parquet"),
        ("dl19_first", f"{folder}/dl19/w256s128/gte_lion_e1.parquet"),
        ("dl19_dense", f"{folder}/dl19.dense/w256s128/gte_lion_e1.parquet"),
    ):
        assert plan.scorings.windows(test_set, "gte_lion_e1") == path
    assert plan.scorings.divisions() == {
        "w256s128": {"window": 256, "stride": 128},
        "w256": {"window": 256, "stride": None},
    }


def test_a_group_differs_in_the_scoring_alone(plan):
    assert plan.scorings.groups() == [["dl19", "dl19_full", "dl19_first", "dl19_own"]]


def test_scorings_are_compared_where_the_paper_reports_two_or_more(plan):
    assert plan.scorings.reported() == []
    columns = "paper: {columns: [{test_set: dl19_full, metrics: [map]}]}"
    measures = """
    comparisons:
      measures: [{test_set: dl20, metric: ndcg_cut_10}, {test_set: dl19, metric: recip_rank_10}]
    """
    two = Plan.read(overlaid(OVERLAY, columns, measures), ROOT)
    assert two.scorings.reported() == [["dl19", "dl19_full"]]
    assert two.grid()["scorings"] == [["dl19", "dl19_full"]]
    assert two.scorings.result() == ["results/scorings.csv"]
    assert [*two.scorings.run_files()] == ["dl19", "dl19_full"]
    for part in ("tables/scorings.tex", "tables/comparisons_scorings.tex", "figures/scorings.pdf"):
        assert part in two.paper.parts()
        assert part not in plan.paper.parts()
    alone = Plan.read(
        overlaid(OVERLAY, columns, measures, "comparisons: {families: [optimizers]}"), ROOT
    )
    assert "tables/scorings.tex" in alone.paper.parts()
    assert "tables/comparisons_scorings.tex" not in alone.paper.parts()
    told = two.paper.scorings()
    assert {name: each["label"] for name, each in told.items()} == {
        "dl19": "MaxP",
        "dl19_full": "Full text",
    }
    assert Scoring(**{key: each for key, each in told["dl19"].items() if key != "label"}) == (
        two.scorings.of("dl19")
    )
    assert two.scorings.measures() == [
        {"test_set": name, "metric": "recip_rank_10", "level": 1} for name in ("dl19", "dl19_full")
    ]


REPORTED = """
grid: {every_epoch_on: [dl19], seeds: [12, 13], systems: [theirs, given]}
systems:
  theirs: {label: Theirs, checkpoint: gte, model: gte, optimizer: null, epoch: null}
  given: {label: Given, run_files: {dl19: a.trec, dl19_first: b.trec, dl19_full: c.trec}}
paper:
  columns:
    - {test_set: dl19, metrics: [map]}
    - {test_set: dl19_first, metrics: [map]}
    - {test_set: dl19_full, metrics: [map]}
    - {test_set: dl19_dense, metrics: [map]}
"""


def test_windows_that_win_are_told_once_a_division_of_the_epochs_that_one_of_its_sets_has(plan):
    assert plan.scorings.divided() == plan.scorings.winners() == []
    reported = Plan.read(overlaid(OVERLAY, REPORTED), ROOT)
    # The dense first stage has other candidates.
    assert reported.scorings.divided() == [["dl19", "dl19_first"]]
    assert reported.scorings.winners() == ["results/winning_windows.csv"]
    assert "results/winning_windows.csv" in reported.release.results()
    assert "figures/scorings.pdf" in reported.paper.parts()
    [told] = reported.scorings.divisions_of_winners()
    assert [told[key] for key in ("test_set", "level", "window", "stride")] == ["dl19", 1, 256, 128]
    trained = [f"{model}_{name}_best" for model in reported.models for name in reported.optimizers]
    assert [labels["system"] for labels in told["systems"]] == [*trained, "theirs"]
    folder = "reranking/windows/msmarco/dl19/w256s128"
    files = [f"{folder}/{name}.parquet" for name in [*trained, "theirs"]]
    assert reported.scorings.files_of_winners() == files


def test_where_all_test_sets_have_every_epoch_each_is_looked_at():
    everywhere = "grid: {every_epoch_on: [dl19, dl19_first]}"
    reported = Plan.read(overlaid(OVERLAY, REPORTED, everywhere), ROOT)
    [told] = reported.scorings.divisions_of_winners()
    assert [labels["epoch"] for labels in told["systems"]] == [*(6 * [1, 2, 3]), None]


def test_without_a_stride_or_anything_that_scores_no_window_wins():
    alone = "test_sets: {dl19: {scoring: alone}, dl19_first: {scoring: full}}"
    nothing = "grid: {models: [], systems: [given]}"
    for overlay in (alone, nothing):
        reported = Plan.read(overlaid(OVERLAY, REPORTED, overlay), ROOT)
        assert reported.scorings.reported()
        assert reported.scorings.winners() == []
    assert "figures/scorings.pdf" not in reported.paper.parts()
    assert reported.scorings.result() == []
    with pytest.raises(UserError, match=r"scored in windows with a stride: name two or more"):
        Plan.read(overlaid(OVERLAY), ROOT).scorings.files_of_winners()


def test_the_paper_tells_the_scorings_of_dev_sets_where_anything_is_trained(plan):
    nq, msmarco = (plan.dev_sets[name].label for name in ("nano_nq", "nano_msmarco"))
    told = plan.paper.scorings_of_dev_sets()
    assert told.keys() == {nq, msmarco} and told[msmarco] is None
    assert (told[nq]["label"], told[nq]["window"]) == ("First alone", 256)
    given = "systems: {given: {label: Given, run_files: {dl20: given.trec}}}"
    untrained = "grid: {models: [], systems: [given]}"
    nothing = Plan.read(overlaid(OVERLAY, given, untrained), ROOT)
    assert nothing.paper.scorings_of_dev_sets() == {}
