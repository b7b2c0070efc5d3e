"""The per-query values of experiments: which system is meant, and what may be taken together."""

import numpy as np
import pandas as pd
import pytest

from lionrank.errors import UserError
from lionrank.evaluation import per_query
from lionrank.evaluation.per_query import System
from lionrank.grid import Grid
from lionrank.measures import Measure
from tests.support.per_query_tables import QIDS, write_experiment

NDCG = Measure("dl19", "ndcg_cut_10")
VALUES = {
    "bm25": [0.1, 0.2, 0.3],
    "minilm_adamw_e1": [0.4, 0.5, 0.6],
    "minilm_adamw_e2": [0.7, 0.8, 0.9],
}
OTHERS = Grid.build({}, {}, (), systems={"theirs": {"label": "", "kind": "checkpoint"}}).systems
BESIDE_OTHERS = VALUES | {"theirs": [0.3, 0.2, 0.1]}


def test_a_system_is_the_first_stage_an_epoch_or_the_chosen_epoch(tmp_path):
    table, best = write_experiment(tmp_path, VALUES, {"minilm_adamw": 2})
    read = per_query.read([table], best)
    assert read.values(NDCG, System("bm25")).tolist() == [VALUES["bm25"]]
    assert read.values(NDCG, System("minilm_adamw", 1)).tolist() == [VALUES["minilm_adamw_e1"]]
    assert read.values(NDCG, System("minilm_adamw")).tolist() == [VALUES["minilm_adamw_e2"]]
    assert read.epochs(System("minilm_adamw")) == [2]
    assert read.epochs(System("bm25")) == []
    assert list(read.replicates[0].values(NDCG, System("bm25")).index) == QIDS[:3]


def test_a_system_of_others_is_itself_whatever_it_was_trained_as(tmp_path):
    as_ours = {"theirs": ("minilm", "adamw", 3)}
    table, best = write_experiment(tmp_path, BESIDE_OTHERS, {"minilm_adamw": 2}, others=as_ours)
    read = per_query.read([table], best, OTHERS)
    assert read.values(NDCG, System("theirs")).tolist() == [BESIDE_OTHERS["theirs"]]
    assert read.epochs(System("theirs")) == []
    assert read.has(NDCG, System("theirs"))
    assert not read.has(Measure("dl20", "ndcg_cut_10"), System("theirs"))
    # It is no epoch of our training of that name, nor has it one of our seeds.
    assert not read.was_trained(System("minilm_adamw", 3))
    assert list(read.by_epoch(NDCG, "minilm_adamw")[0]) == [1, 2]
    assert read.replicates[0].seeds.keys() == VALUES.keys() - {"bm25"}


def test_values_are_in_the_order_of_their_qids_whatever_the_order_of_the_rows(tmp_path):
    table, best = write_experiment(tmp_path, VALUES, {})
    shuffled = pd.read_parquet(table).sample(frac=1, random_state=1)
    shuffled.to_parquet(table)
    assert per_query.read([table], best).values(NDCG, System("bm25")).tolist() == [VALUES["bm25"]]


def test_levels_are_told_apart(tmp_path):
    tables = []
    for level, value in ((1, 0.5), (2, 0.25)):
        folder = tmp_path / str(level)
        table, _ = write_experiment(folder, {"bm25": [value]}, {}, metric="map", level=level)
        tables.append(pd.read_parquet(table))
    pd.concat(tables).to_parquet(table)
    read = per_query.read([table])
    assert read.values(Measure("dl19", "map", 1), System("bm25")).tolist() == [[0.5]]
    assert read.values(Measure("dl19", "map", 2), System("bm25")).tolist() == [[0.25]]
    with pytest.raises(UserError, match="no map of bm25 on dl19"):
        read.values(Measure("dl19", "map"), System("bm25"))


def test_each_seed_has_its_own_chosen_epoch(tmp_path):
    ours, best = write_experiment(tmp_path / "12", VALUES, {"minilm_adamw": 2})
    other, others_best = write_experiment(tmp_path / "13", VALUES, {"minilm_adamw": 1}, seed=13)
    read = per_query.read([ours, other], [*best, *others_best])
    assert read.seeds == 2
    assert read.epochs(System("minilm_adamw")) == [2, 1]
    assert np.allclose(read.mean_over_seeds(NDCG, System("minilm_adamw")), [0.55, 0.65, 0.75])


def test_a_system_of_others_need_not_be_in_the_experiments_of_other_seeds(tmp_path):
    ours, _ = write_experiment(tmp_path / "12", BESIDE_OTHERS, {}, others={"theirs": None})
    before, _ = write_experiment(tmp_path / "13", VALUES, {}, seed=13)
    read = per_query.read([ours, before], (), OTHERS)
    assert read.values(NDCG, System("theirs")).tolist() == [BESIDE_OTHERS["theirs"]] * 2


def test_the_same_seed_twice_is_refused(tmp_path):
    ours, _ = write_experiment(tmp_path / "a", VALUES, {})
    again, _ = write_experiment(tmp_path / "b", VALUES, {})
    with pytest.raises(UserError, match=r"b/results/per_query\.parquet.*take each experiment once"):
        per_query.read([ours, again])


def test_another_protocol_is_refused(tmp_path):
    ours, _ = write_experiment(tmp_path / "a", VALUES, {})
    other, _ = write_experiment(tmp_path / "b", VALUES, {}, seed=13, protocol="as_run")
    with pytest.raises(UserError, match=r"the protocol is as_run, that of .* is as_written"):
        per_query.read([ours, other])


def test_other_topics_are_refused(tmp_path):
    ours, _ = write_experiment(tmp_path / "a", VALUES, {})
    fewer = {system: values[:2] for system, values in VALUES.items()}
    other, _ = write_experiment(tmp_path / "b", fewer, {}, seed=13)
    with pytest.raises(UserError, match=r"b/results.*dl19 has other topics than in .*a/results"):
        per_query.read([ours, other]).values(NDCG, System("minilm_adamw", 1))


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
        per_query.read([table], best).values(NDCG, system)


def test_damaged_files_are_named(tmp_path):
    table, best = write_experiment(tmp_path, VALUES, {"minilm_adamw": 1})
    best[0].write_text('{"epoch": ')
    with pytest.raises(UserError, match=r"minilm_adamw\.best\.json is damaged"):
        per_query.read([table], best)
    pd.read_parquet(table).drop(columns="qid").to_parquet(table)
    with pytest.raises(UserError, match=r"per_query\.parquet: missing columns: qid"):
        per_query.read([table])


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
    read = per_query.read([ours, other], [*best, *others_best])
    systems = [System("bm25"), *(System("minilm_adamw", epoch) for epoch in (None, 1, 2, 3))]
    assert [read.was_trained(each) for each in systems] == [True, True, True, False, False]
    by_seed = read.by_epoch(NDCG, "minilm_adamw")
    assert [list(means) for means in by_seed] == [[1, 2], [1]]
    assert by_seed[0][2] == pytest.approx(0.8)
