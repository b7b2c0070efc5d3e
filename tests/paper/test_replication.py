"""What the paper says of published checkpoints, whichever rows they reproduce."""

import itertools
from dataclasses import replace

import pytest

from lionrank.files import write_json
from lionrank.paper.render import render
from lionrank.paper.replication import Replication
from lionrank.paper.tables import replication as tables_of
from lionrank.replication.replicate import TOLERANCE
from lionrank.replication.variants import AS_SCORED
from tests.support.papers import PAPER, facts_of, prose, rows_of, tex
from tests.support.published_as_measured import STUDY
from tests.support.replications import ENTRY, SYSTEM, made_up, moved, replicated, tables
from tests.support.results import experiment, made_up_scores
from tests.support.said import Said, numbers

MADE = made_up()
OURS = MADE.values()
NEAR, FAR = moved(OURS, 0.003), moved(OURS, 0.02)
REPRODUCED, EXPECTED = "rows reproduced", "expected rows reproduced"
WORLDS = {
    "one row of both tables": ({t: {"gte_lion_e2": OURS} for t in ("printed", "files")}, {}),
    "one row by the files": (
        {"printed": {"gte_lion_e2": FAR}, "files": {"gte_lion_e2": OURS}},
        {},
    ),
    "another row than expected": ({"printed": {"gte_adamw_e2": NEAR}}, {}),
    "several": (
        {"printed": {"gte_lion_e1": NEAR}, "files": {"gte_lion_e3": OURS}},
        {"epoch": None},
    ),
    "no epoch is published": ({"printed": {"gte_lion": NEAR}}, {"epoch": None}),
    "none": ({"printed": {"gte_lion_e3": FAR}}, {}),
    "a variant": ({"printed": {"gte_lion_e3": MADE.values("level_2")}}, {}),
    "nothing expected": ({"printed": {"gte_lion_e3": NEAR}}, {"optimizer": None, "epoch": None}),
}


@pytest.fixture(params=WORLDS, name="name", scope="module")
def _name(request):
    return request.param


@pytest.fixture(name="found", scope="module")
def _found(name, tmp_path_factory):
    folder = tmp_path_factory.mktemp("replication")
    rows, changes = WORLDS[name]
    write_json(folder / "replication.json", replicated(folder, tables(rows), MADE, ENTRY | changes))
    return Replication.read(folder / "replication.json")


@pytest.fixture(name="facts", scope="module")
def _facts(tmp_path_factory):
    return facts_of(experiment(tmp_path_factory.mktemp("paper"), made_up_scores(1)))


@pytest.fixture(name="source", scope="module")
def _source(found, facts):
    (study,) = facts["studies"]
    told = facts | {"replication": found, "study": study}
    return render(PAPER, told, study.part("replication")).text


@pytest.fixture(name="said", scope="module")
def _said(source):
    return Said.read(source)


def within(found, variant=AS_SCORED):
    """Return the rows, by table and name, no value of which is further away than the tolerance."""
    (system,) = found.systems
    ours = system.variants[variant]["values"]
    return {
        row.checkpoint
        for row in system.rows
        if max(abs(a - b) for a, b in zip(ours, row.values, strict=True)) < TOLERANCE + 1e-9
    }


def test_the_rows_that_are_reproduced_are_named_and_none_else(found, said):
    claim = said.one("value", "none", what=REPRODUCED, of=SYSTEM)
    assert set(claim.rows or []) == within(found)
    for row in claim.rows or []:
        optimizer = {"adamw": "AdamW", "lion": "Lion"}[row.split("_")[1]]
        assert f"GTE with {optimizer} at epoch {row[-1]}" in claim.words


def test_without_a_row_the_closest_is_named_and_what_would_reproduce_one(name, found, said):
    if within(found):
        assert not said.find(what="closest rows")
        return
    closest = said.one("value", what="closest rows")
    smallest = min(row.distances[AS_SCORED] for row in found.systems[0].rows)
    assert numbers(closest.words)[-1] == pytest.approx(smallest)
    claim = said.one("value", "none", what="variants that reproduce a row")
    others = [variant for variant in found.systems[0].variants if within(found, variant)]
    assert (claim.rows or []) == others
    assert ("level_2" in others) == (name == "a variant")


def test_what_was_expected_is_said_to_be_reproduced_or_not(found, said):
    (system,) = found.systems
    expected = [
        row
        for row in ("gte_lion_e1", "gte_lion_e2", "gte_lion_e3")
        if system.optimizer and (system.epoch is None or row.endswith(str(system.epoch)))
    ]
    claims = said.find(what=EXPECTED)
    if not expected or not within(found):
        assert not claims
        return
    (claim,) = claims
    assert claim.kind == ("some" if within(found) & set(expected) else "none")
    assert ("not" in claim.words) == (claim.kind == "none")


def test_the_largest_change_by_each_variant_is_told(found, said):
    (system,) = found.systems
    ours = system.variants[AS_SCORED]["values"]
    (unchanged,) = [claim.of for claim in said.find("none", what="changes")] or [[]]
    for variant, reached in system.variants.items():
        largest = max(abs(a - b) for a, b in zip(ours, reached["values"], strict=True))
        told = [numbers(claim.words) for claim in said.find(what="largest change", of=variant)]
        assert told == ([[pytest.approx(largest, abs=1e-9)]] if largest else [])
        assert (variant in unchanged) == (not largest and variant != AS_SCORED)


def test_rows_that_are_not_told_apart_are_named(found, said):
    (system,) = found.systems
    pairs = {
        (one.checkpoint, other.checkpoint)
        for one, other in itertools.combinations(system.rows, 2)
        if one.table == other.table
        and max(abs(a - b) for a, b in zip(one.values, other.values, strict=True)) < 0.00501
    }
    # In made-up tables all that no row was made for are the same.
    assert pairs
    claims = said.find("value", what="rows alike")
    assert len(claims) == len(pairs)


def test_how_many_reproduce_a_row_in_which_table_is_counted(found, said):
    (system,) = found.systems
    count = said.one("count", what="checkpoints that reproduce a row")
    assert (count.count, count.total) == (bool(within(found)), 1)
    if not count.count:
        assert not said.find("count", what="rows reproduced in both tables")
        return
    closest = min(system.rows, key=lambda row: row.distances[AS_SCORED]).checkpoint
    near = [
        row.distances[AS_SCORED] <= TOLERANCE for row in system.rows if row.checkpoint == closest
    ]
    both = said.one("count", what="rows reproduced in both tables")
    assert both.count == all(near)
    alone = [
        said.one("count", what=f"rows reproduced {table} alone")
        for table in STUDY.accounts.values()
    ]
    assert [each.count for each in alone] == [near == [True, False], near == [False, True]]


def test_the_tables_have_our_values_and_the_rows(found):
    (system,) = found.systems
    closest = rows_of(tex("replication", tables_of.table(found)))
    assert len(closest) == 3
    assert [float(cell) for cell in closest[0][1:-1]] == system.variants[AS_SCORED]["values"]
    rows = rows_of(tex("replication_rows", tables_of.distances(found)))
    bold = [cell for row in rows for cell in row if "bfseries" in cell]
    assert bool(bold) == bool(within(found))
    variants = rows_of(tex("replication_variants", tables_of.variants(found)))
    assert len(variants) == len(system.variants)
    for made in (tables_of.table, tables_of.distances, tables_of.variants):
        assert SYSTEM in made(found).csv()


@pytest.mark.parametrize("name", ["none", "several"], indirect=True, scope="module")
def test_the_paper_begins_and_ends_with_how_many_reproduce_a_row(found, facts):
    (study,) = facts["studies"]
    whole = replace(study, claims=study.claims | {"stand_ins": {}})
    told = facts | {"replication": found, "studies": [whole]}
    said = Said.read(render(PAPER, told).text)
    for section in ("abstract", "The Published Checkpoints", "Conclusion"):
        claim = said.one("count", what="checkpoints that reproduce a row", section=section)
        assert (claim.count, claim.total) == (bool(within(found)), 1)


def test_a_paper_without_published_checkpoints_says_nothing_of_them(facts):
    assert "tab:replication" not in prose(facts | {"replication": None})
