"""Which published row a checkpoint reproduces, whatever the tables say."""

import pytest

from lionrank.errors import UserError
from lionrank.files import write_json
from lionrank.paper.replication import Replication
from lionrank.replication.replicate import TOLERANCE
from lionrank.replication.variants import AS_SCORED, OTHER_PRECISION
from tests.support.replications import (
    ENTRY,
    made_up,
    moved,
    replicated,
    tables,
)

MADE = made_up()
OURS = MADE.values()
NEAR, FAR = moved(OURS, 0.003), moved(OURS, 0.02)


def read(folder, rows, **changes):
    found = replicated(folder, tables(rows), MADE, ENTRY | changes)
    write_json(folder / "replication.json", found)
    (system,) = Replication.read(folder / "replication.json").systems
    return system


def reached(folder, **settings):
    """Return what is found for each variant."""
    (system,) = replicated(folder, tables({}), MADE, **settings)["systems"]
    return {each["variant"]: each for each in system["variants"]}


def names(matches):
    return [match.checkpoint for match in matches]


def test_one_row_of_both_tables_is_reproduced(tmp_path):
    rows = {"gte_lion_e2": OURS, "gte_lion_e3": FAR}
    system = read(tmp_path, {"printed": rows, "files": rows})
    (match,) = system.reproduced()
    assert match.checkpoint == "gte_lion_e2"
    assert match.tables == {"printed": 0.0, "files": 0.0}
    assert names(system.closest) == ["gte_lion_e2"]
    assert system.expected == ["gte_lion_e2"]


def test_a_row_may_be_reproduced_by_one_table_alone(tmp_path):
    system = read(
        tmp_path,
        {"printed": {"gte_lion_e1": FAR}, "files": {"gte_lion_e1": NEAR}},
        optimizer=None,
        epoch=None,
    )
    (match,) = system.reproduced()
    assert match.tables == {"files": pytest.approx(0.003)}
    assert system.expected == []


def test_several_rows_are_reproduced_the_closest_first(tmp_path):
    system = read(tmp_path, {"printed": {"gte_adamw_e1": NEAR, "gte_lion_e2": OURS}}, epoch=None)
    assert names(system.reproduced()) == ["gte_lion_e2", "gte_adamw_e1"]
    assert system.expected == ["gte_lion_e1", "gte_lion_e2", "gte_lion_e3"]


def test_no_row_is_reproduced_and_the_closest_is_named(tmp_path):
    system = read(tmp_path, {"printed": {"gte_lion_e3": FAR}})
    assert system.reproduced() == []
    assert names(system.closest) == ["gte_lion_e3"]
    assert system.closest[0].distance == pytest.approx(0.02)


def test_rows_of_other_models_are_none_of_its(tmp_path):
    system = read(tmp_path, {"printed": {"minilm_lion_e2": OURS}})
    assert system.reproduced() == []
    assert not [row for row in system.rows if row.checkpoint.startswith("minilm")]


@pytest.mark.parametrize("variant", ["level_2", "depth_10", "bf16_sigmoid"])
def test_a_variant_that_reproduces_a_row_is_named(tmp_path, variant):
    system = read(tmp_path, {"files": {"gte_lion_e2": MADE.values(variant)}})
    assert system.reproduced() == []
    assert names(system.explained[variant]) == ["gte_lion_e2"]
    assert AS_SCORED not in system.explained


def test_the_values_of_another_precision_are_those_of_its_own_run_files(tmp_path):
    found = reached(tmp_path)
    ours, other = found[AS_SCORED]["values"], found[OTHER_PRECISION]["values"]
    assert max(abs(a - b) for a, b in zip(ours, other, strict=True)) > TOLERANCE
    assert ours == [round(value, 4) for value in OURS.values()]


def test_a_deeper_cut_than_the_first_stage_is_no_variant(tmp_path):
    assert not [variant for variant in reached(tmp_path, depth=10) if variant.startswith("depth")]


def test_run_files_of_other_passages_are_refused(tmp_path):
    short = made_up()
    short.other["dl19"]["q00"].popitem()
    with pytest.raises(UserError, match=r"fp32.trec lacks 1 of 50 candidates of topic 'q00'"):
        replicated(tmp_path, tables({}), short)
