"""Mistakes about published studies: each is named by the key of the config, or by file and line."""

import shutil
from pathlib import Path

import pytest

from lionrank.config.plan import Plan
from lionrank.config.studies import read_studies
from lionrank.errors import UserError
from tests.support.configs import ROOT, changed, overlaid


def beside(overlay: str | None, account: object, **paper: object) -> dict:
    """Return config.yaml with an overlay of config/, beside an account of Lion's values."""
    config = overlaid((ROOT / "config" / overlay).read_text() if overlay else "{}")
    config["paper"] |= {"beside_published": {"study": "lion", "account": account}} | paper
    return config


def test_published_values_can_be_asked_for_where_some_were_published():
    for account in ("printed", "files"):
        Plan.read(beside(None, account), ROOT)
        Plan.read(beside("as_run.yaml", account), ROOT)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (changed("paper.studies", ["loin"]), "studies: unknown 'loin'; did you mean 'lion'?"),
        (beside(None, "printd"), "beside_published.account: unknown 'printd'; did you mean"),
        (beside(None, True), "paper.beside_published.account: expected text, found true"),
        (beside(None, "files", studies=[]), "study: 'lion' is not in paper.studies; it is empty"),
        (changed("paper.beside_published", "printed"), "beside_published: expected keys with val"),
    ],
)
def test_a_study_or_an_account_that_is_none_is_named(config, message):
    with pytest.raises(UserError) as caught:
        Plan.read(config, ROOT)
    assert str(caught.value).startswith("config: paper.")
    assert message in str(caught.value)


def test_where_no_column_was_published_the_setting_is_refused():
    message = (
        r"paper\.beside_published: no column .*; put one of nDCG@10 on dl19, .*, MRR@10 on "
        r"marco_qa_dev from grade 1 on into grid\.test_sets and paper\.columns"
    )
    with pytest.raises(UserError, match=message):
        Plan.read(beside("demo.yaml", "files"), ROOT)
    strict = beside(None, "printed", columns=[{"test_set": "dl19", "metrics": ["map"]}])
    Plan.read(strict, ROOT)
    strict["evaluation"]["relevance_level"] = 2
    with pytest.raises(UserError, match=message):
        Plan.read(strict, ROOT)


@pytest.fixture
def root(tmp_path) -> Path:
    """A repository with the schema and the study of Lion alone."""
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    shutil.copytree(ROOT / "paper" / "published" / "lion", tmp_path / "paper/published/lion")
    return tmp_path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("cite:", "sight:"), "4: top level: unknown key 'sight'; known: label, cite,"),
        (("optimizer: adamw, ", ""), "13: treatments.adamw: the key 'optimizer' is missing"),
        (("by the authors' files}", "by the authors' files, other: o}"), ": accounts: "),
        (("metrics: [recip_rank_10]", "metrics: [mrr]"), ": unknown value 'mrr'; known: ndcg_"),
        (("    level: 1", "    level: one"), ".level: expected a whole number or null, found the"),
        (("systems: dl19", "systems: dl20"), ": systems: unknown 'dl20'; known: dl19, "),
        (("systems: dl19\n", ""), ": systems says what systems.csv is about, and the key"),
        (
            ("  thesis: of", "  2thesis: of"),
            ": sources: '2thesis' is not a name of lower-case letters",
        ),
        (("sources:", "dev_sets: {dev: {dl20: true}}\nsources:"), ".dev: unknown 'dl20'; known: d"),
        (("label: Lion and AdamW", "label: [}"), "this is no YAML"),
        (("label: Lion and AdamW", "label: 2026-01-01"), "label: the date 2026-01-01"),
    ],
)
def test_a_mistake_in_study_yaml_is_named_with_file_line_and_key(root, change, message):
    path = root / "paper" / "published" / "lion" / "study.yaml"
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change, 1))
    with pytest.raises(UserError) as caught:
        read_studies({"paper": {"studies": ["lion"]}}, root)
    told = str(caught.value)
    assert told.startswith(f"{path}:") and message in told
    assert told.removeprefix(f"{path}:").partition(":")[0].isdigit()
