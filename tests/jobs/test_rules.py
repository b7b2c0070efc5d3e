"""Where Snakemake says that rules are written, beside the files."""

import re

import pytest

from tests.support.running import ROOT
from tests.support.workflow import rule_origins

RULES = rule_origins()


def test_every_rule_that_snakemake_knows_is_found(snakemake):
    told = snakemake("--list-rules")
    assert told.returncode == 0, told.stdout
    known = {line for line in told.stdout.splitlines() if re.fullmatch(r"\w+", line)}
    assert known == RULES.keys()


@pytest.mark.parametrize("name", RULES)
def test_a_rule_stands_where_it_is_said_to_with_its_script(name):
    origin = RULES[name]
    line = (ROOT / origin["file"]).read_text().splitlines()[origin["line"] - 1]
    assert line in (f"rule {name}:", *(f"use rule {each} as {name} with:" for each in RULES))
    assert origin["script"] is None or (ROOT / origin["script"]).is_file()


def test_every_script_is_that_of_a_rule_of_its_own_door():
    doors: dict[str, set[str]] = {}
    for origin in RULES.values():
        if origin["script"]:
            door = origin["file"].split("/")[1].removesuffix(".smk")
            doors.setdefault(origin["script"], set()).add(door)
    folder = ROOT / "workflow" / "scripts"
    assert doors.keys() == {f"{path.relative_to(ROOT)}" for path in folder.rglob("*.py")}
    for script, of in doors.items():
        assert script.removeprefix("workflow/scripts/").split("/")[0] in of


def test_a_rule_that_is_made_from_another_has_its_script():
    assert RULES["rerank_shard"]["script"] == RULES["rerank"]["script"]
    assert RULES["train_trial"]["script"] == RULES["train_epoch"]["script"]
    assert RULES["results_table"]["script"] == "workflow/scripts/paper/tables/results_table.py"
    assert RULES["results_table"]["file"] == "rules/paper/tables/results.smk"
    assert RULES["all"]["script"] is None
