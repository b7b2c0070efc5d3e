"""The per-query values of experiments: which system is meant, and what may be taken together."""

import numpy as np
import pandas as pd
import pytest

from lionrank.errors import UserError
from lionrank.evaluation import per_query
from lionrank.evaluation.per_query import System
from lionrank.grid import VARIOUS, Grid
from lionrank.measures import Measure
from tests.support.per_query_tables import (
    BOTH,
    QIDS,
    VALUES,
    joined,
    mixed,
    ranked_apart,
    write_experiment,
    write_two,
)

NDCG = Measure("dl19", "ndcg_cut_10")
OTHERS = Grid.build({}, {}, (), systems={"theirs": {"label": "", "kind": "checkpoint"}})
BESIDE_OTHERS = VALUES | {"theirs": [0.3, 0.2, 0.1]}


def test_a_system_is_the_first_stage_an_epoch_or_the_chosen_epoch(tmp_path):
    table, best = write_experiment(tmp_path, VALUES, {"minilm_adamw": 2})
    read = per_query.read(table, best)
    assert read.values(NDCG, System("bm25")).tolist() == [VALUES["bm25"]]
    assert read.values(NDCG, System("minilm_adamw", 1)).tolist() == [VALUES["minilm_adamw_e1"]]
    assert read.values(NDCG, System("minilm_adamw")).tolist() == [VALUES["minilm_adamw_e2"]]
    assert read.epochs(System("minilm_adamw")) == [2]
    assert read.epochs(System("bm25")) == []
    assert list(read.replicates[0].values(NDCG, System("bm25")).index) == QIDS[:3]


def test_a_system_of_others_is_itself_whatever_it_was_trained_as(tmp_path):
    as_ours = {"theirs": ("minilm", "adamw", 3)}
    table, best = write_experiment(tmp_path, BESIDE_OTHERS, {"minilm_adamw": 2}, others=as_ours)
    read = per_query.read(table, best, OTHERS)
    assert read.values(NDCG, System("theirs")).tolist() == [BESIDE_OTHERS["theirs"]]
    assert read.epochs(System("theirs")) == []
    assert read.has(NDCG, System("theirs"))
    assert not read.has(Measure("dl20", "ndcg_cut_10"), System("theirs"))
    # It is no epoch of our training of that name, nor has it one of our seeds.
    assert not read.was_trained(System("minilm_adamw", 3))
    assert list(read.by_epoch(NDCG, "minilm_adamw")[0]) == [1, 2]
    assert read.seeds == 1


def test_values_are_in_the_order_of_their_qids_whatever_the_order_of_the_rows(tmp_path):
    table, best = write_experiment(tmp_path, VALUES, {})
    shuffled = pd.read_parquet(table).sample(frac=1, random_state=1)
    shuffled.to_parquet(table)
    assert per_query.read(table, best).values(NDCG, System("bm25")).tolist() == [VALUES["bm25"]]


def test_levels_are_told_apart(tmp_path):
    tables = []
    for level, value in ((1, 0.5), (2, 0.25)):
        folder = tmp_path / str(level)
        table, _ = write_experiment(folder, {"bm25": [value]}, {}, metric="map", level=level)
        tables.append(pd.read_parquet(table))
    pd.concat(tables).to_parquet(table)
    read = per_query.read(table)
    assert read.values(Measure("dl19", "map", 1), System("bm25")).tolist() == [[0.5]]
    assert read.values(Measure("dl19", "map", 2), System("bm25")).tolist() == [[0.25]]
    with pytest.raises(UserError, match="no map of bm25 on dl19"):
        read.values(Measure("dl19", "map"), System("bm25"))


def test_each_seed_has_its_own_chosen_epoch(tmp_path):
    ours, best = write_experiment(tmp_path / "12", VALUES, {"minilm_adamw": 2})
    other, others_best = write_experiment(tmp_path / "13", VALUES, {"minilm_adamw": 1}, seed=13)
    read = per_query.read(joined(ours, other), [*best, *others_best])
    assert read.seeds == 2
    assert read.epochs(System("minilm_adamw")) == [2, 1]
    assert np.allclose(read.mean_over_seeds(NDCG, System("minilm_adamw")), [0.55, 0.65, 0.75])


def test_the_chosen_epoch_is_found_where_it_alone_was_evaluated(tmp_path):
    values = {"bm25": VALUES["bm25"], "minilm_adamw_best": VALUES["minilm_adamw_e2"]}
    table, best = write_experiment(tmp_path, values, {"minilm_adamw": 2})
    read = per_query.read(table, best)
    chosen = System("minilm_adamw")
    assert read.has(NDCG, chosen)
    assert read.values(NDCG, chosen).tolist() == [VALUES["minilm_adamw_e2"]]
    assert read.epochs(chosen) == [2]
    # No epoch as such, not even that one: the others' are not known.
    assert not any(read.has(NDCG, System("minilm_adamw", epoch)) for epoch in (1, 2))
    assert not read.has_every_epoch(NDCG, "minilm_adamw")
    (elsewhere, _), _ = write_experiment(tmp_path / "all", VALUES, {}), None
    assert per_query.read(elsewhere).has_every_epoch(NDCG, "minilm_adamw")


@pytest.mark.parametrize(
    ("labels", "epoch"),
    [
        (("minilm_adamw_best", "minilm", "adamw", None), 2),
        (("minilm_adamw_s13_best", "minilm", "adamw", None), 3),
        (("minilm_adamw_e1", "minilm", "adamw", 1), 1),
        (("theirs", "minilm", "adamw", None), None),
        (("bm25", None, None, None), None),
    ],
)
def test_the_epoch_of_the_best_is_known_once_it_is_chosen(labels, epoch):
    named = dict(zip(("system", "model", "optimizer", "epoch"), labels, strict=True))
    with_epoch = per_query.with_epoch(named, {"minilm_adamw": 2, "minilm_adamw_s13": 3})
    assert with_epoch == named | {"epoch": epoch}


def test_what_was_not_trained_is_the_same_with_every_seed(tmp_path):
    ours, _ = write_experiment(tmp_path / "12", BESIDE_OTHERS, {}, others={"theirs": None})
    other, _ = write_experiment(tmp_path / "13", VALUES, {}, seed=13)
    read = per_query.read(joined(ours, other), (), OTHERS)
    for name in ("bm25", "theirs"):
        assert read.values(NDCG, System(name)).tolist() == [BESIDE_OTHERS[name]] * 2


def test_the_chosen_epoch_of_each_seed_is_found_where_it_alone_was_evaluated(tmp_path):
    values = {"bm25": VALUES["bm25"], "minilm_adamw_best": VALUES["minilm_adamw_e2"]}
    ours, best = write_experiment(tmp_path / "12", values, {"minilm_adamw": 2})
    values |= {"minilm_adamw_best": VALUES["minilm_adamw_e1"]}
    other, others_best = write_experiment(tmp_path / "13", values, {"minilm_adamw": 1}, seed=13)
    read = per_query.read(joined(ours, other), [*best, *others_best])
    system = System("minilm_adamw")
    assert read.epochs(system) == [2, 1]
    assert read.values(NDCG, system).tolist() == [
        VALUES["minilm_adamw_e2"],
        VALUES["minilm_adamw_e1"],
    ]


def test_other_topics_are_refused(tmp_path):
    ours, _ = write_experiment(tmp_path / "a", VALUES, {})
    fewer = {system: values[:2] for system, values in VALUES.items() if system != "bm25"}
    other, _ = write_experiment(tmp_path / "b", fewer, {}, seed=13)
    with pytest.raises(UserError, match=r"a/results.*of minilm_adamw_e1 on dl19 for q002;"):
        per_query.read(joined(ours, other)).values(NDCG, System("minilm_adamw", 1))


@pytest.mark.parametrize(
    ("system", "message"),
    [
        (System("minilm_lion", 1), "no ndcg_cut_10 of minilm_lion_e1 on dl19; evaluate its run"),
        (System("minilm_lion"), "no epoch of minilm_lion was chosen on development data: name dev"),
    ],
)
def test_what_is_absent_is_named(tmp_path, system, message):
    table, best = write_experiment(tmp_path, VALUES, {"minilm_adamw": 1})
    with pytest.raises(UserError, match=message):
        per_query.read(table, best).values(NDCG, system)


def test_damaged_files_are_named(tmp_path):
    table, best = write_experiment(tmp_path, VALUES, {"minilm_adamw": 1})
    best[0].write_text('{"epoch": ')
    with pytest.raises(UserError, match=r"minilm_adamw\.best\.json is damaged"):
        per_query.read(table, best)
    pd.read_parquet(table).drop(columns="qid").to_parquet(table)
    with pytest.raises(UserError, match=r"per_query\.parquet: missing columns: qid"):
        per_query.read(table)


def test_epochs_that_were_left_out_are_in_no_table_of_results(tmp_path):
    values = {**VALUES, "minilm_adamw_e3": VALUES["minilm_adamw_e2"]}
    path, _ = write_experiment(tmp_path, values, {})
    table = pd.read_parquet(path)
    kept = per_query.without_left_out(table, {"minilm_adamw": 2})
    assert set(kept["system"]) == VALUES.keys()
    whole = per_query.without_left_out(table, {"minilm_adamw": 3})
    pd.testing.assert_frame_equal(whole, table)


def test_an_epoch_was_trained_if_it_was_with_every_seed(tmp_path):
    ours, best = write_experiment(tmp_path / "12", VALUES, {"minilm_adamw": 2})
    first = {name: values for name, values in VALUES.items() if name != "minilm_adamw_e2"}
    other, others_best = write_experiment(tmp_path / "13", first, {"minilm_adamw": 1}, seed=13)
    read = per_query.read(joined(ours, other), [*best, *others_best])
    systems = [System("bm25"), *(System("minilm_adamw", epoch) for epoch in (None, 1, 2, 3))]
    assert [read.was_trained(each) for each in systems] == [True, True, True, False, False]
    by_seed = read.by_epoch(NDCG, "minilm_adamw")
    assert [list(means) for means in by_seed] == [[1, 2], [1]]
    assert by_seed[0][2] == pytest.approx(0.8)


def test_an_average_has_the_topics_of_all_its_sets_and_gives_each_set_the_same_weight(tmp_path):
    table, best = write_two(tmp_path)
    read = per_query.read(table, best, averages=BOTH)
    measure = Measure("both", "ndcg_cut_10")
    assert read.values(measure, System("bm25")).tolist() == [[0.1, 0.2, 0.3, 0.4, 0.6]]
    assert read.strata(measure) == [3, 2]
    assert read.replicates[0].mean(measure, System("bm25")) == pytest.approx((0.2 + 0.5) / 2)
    assert read.by_epoch(measure, "minilm_adamw") == [
        {1: pytest.approx((0.5 + 0.5) / 2), 2: pytest.approx((0.8 + 0.2) / 2)}
    ]
    assert read.strata(NDCG) is None
    # Each set counts from its own level.
    of_map = read.values(Measure("both", "map"), System("bm25"))
    assert of_map.tolist() == [[0.1, 0.2, 0.3, 0.2, 0.3]]


def test_an_average_is_of_the_systems_that_are_on_all_of_its_sets(tmp_path):
    table, best = write_two(tmp_path, without=[("small", "bm25"), ("small", "minilm_adamw_e1")])
    read = per_query.read(table, best, averages=BOTH)
    measure = Measure("both", "ndcg_cut_10")
    assert read.has(NDCG, System("bm25")) and not read.has(measure, System("bm25"))


def test_seeds_are_averaged_topic_by_topic_within_each_set(tmp_path):
    ours, best = write_two(tmp_path / "12")
    other, others_best = write_two(tmp_path / "13", seed=13)
    measure, system = Measure("both", "ndcg_cut_10"), System("minilm_adamw")
    read = per_query.read(joined(ours, other), [*best, *others_best], averages=BOTH)
    assert read.values(measure, system).shape == (2, 5)
    assert read.mean_over_seeds(measure, system) == pytest.approx([0.7, 0.8, 0.9, 0.2, 0.2])


def test_first_stages_that_differ_are_one_by_an_average(tmp_path):
    table, best = ranked_apart(tmp_path)
    read = per_query.read(table, best, mixed(), BOTH)
    measure, first = Measure("both", "ndcg_cut_10"), System(VARIOUS.name)
    assert read.has(measure, first)
    assert not any(read.has(measure, System(name)) for name in ("bm25", "dense"))
    assert read.values(measure, first).tolist() == [[0.1, 0.2, 0.3, 0.4, 0.6]]
    assert read.values(NDCG, first).tolist() == [VALUES["bm25"]]
    assert read.epochs(first) == []
