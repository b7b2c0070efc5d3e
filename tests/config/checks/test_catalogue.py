"""Identifiers of ir_datasets' catalogue are looked up before anything is downloaded."""

import os
import subprocess
import sys

import pytest

from lionrank.config.plan import Plan
from lionrank.errors import UserError
from tests.support.catalogue import registered
from tests.support.configs import ROOT, overlaid

KITES = """
collections: {{mine: {entry}}}
test_sets: {{kites: {{label: Kites, collection: mine, topics: test}}}}
grid: {{test_sets: [{test_sets}]}}
"""


@pytest.fixture(scope="module", autouse=True)
def _catalogue(tmp_path_factory):
    with registered(tmp_path_factory.mktemp("catalogue")):
        yield


def plan(entry: str, test_sets: str = "dl19, kites") -> Plan:
    return Plan.read(overlaid(KITES.format(entry=entry, test_sets=test_sets)), ROOT)


@pytest.mark.parametrize(
    "entry",
    [
        "{format: ir_datasets, ids: {train: kites/train, test: kites/test}}",
        "{format: ir_datasets, ids: {test: talks/needs}, text: [head, body], query: long}",
        "{format: ir_datasets, ids: {test: kites/test}, text: text, query: [text]}",
    ],
)
def test_a_data_set_with_texts_or_with_fields_that_are_named_is_taken(entry):
    plan(entry)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (
            "ids: {test: kites/tset}",
            r"mine\.ids: ir_datasets has no 'kites/tset'; did you mean 'ki",
        ),
        ("ids: {test: kites}", r"mine\.ids: 'kites' of ir_datasets has no queries"),
        (
            "ids: {train: kites/train, test: boats/test}",
            r"mine\.ids: the documents of 'boats/test' are those of 'boats/test', not of 'kites'",
        ),
        (
            "ids: {test: talks/needs}, query: short",
            r"mine: Talk of 'talks/needs' has no default text: name a field as text, .*head and bo",
        ),
        (
            "ids: {test: talks/needs}, text: body",
            r"mine: Need of 'talks/needs' has no default text: .* query, .*: short and long",
        ),
        (
            "ids: {test: talks/needs}, text: [body, words], query: short",
            r"mine\.text: Talk of 'talks/needs' has no field 'words' of text; .*: head and body",
        ),
        ("ids: {test: kites/needs}, query: text", r"mine\.query: Need .* has no field 'text' of t"),
        ("ids: {test: kites/test}, text: a b", r"mine\.text: 'a b' is not the name of a field"),
        ("ids: {test: kites/test}, text: []", r"mine\.text"),
    ],
)
def test_a_data_set_that_cannot_be_read_is_named_by_its_key(entry, complaint):
    with pytest.raises(UserError, match=rf"config: collections\.{complaint}"):
        plan(f"{{format: ir_datasets, {entry}}}")


def test_a_collection_that_the_grid_does_not_use_is_not_looked_up():
    plan("{format: ir_datasets, ids: {test: unknown}}", test_sets="dl19")


def test_a_folder_that_the_catalogue_cannot_make_is_named(tmp_path):
    (tmp_path / "file").touch()
    code = """if True:
        from lionrank.config.checks.catalogue import check_entry
        check_entry({"ids": {"test": "vaswani"}}, "config: collections.mine")
    """
    environment = os.environ | {"IR_DATASETS_HOME": str(tmp_path / "file" / "home")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert "UserError: config: collections.mine: ir_datasets cannot make its folder" in done.stderr
