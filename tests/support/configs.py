"""The repository's own config, and small changes to it."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.utils import update_config

from lionrank.config.check import check
from lionrank.config.sources import read_table
from lionrank.errors import UserError

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "schemas" / "config.schema.yaml"
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
SOURCES = read_table(ROOT / CONFIG["sources"]["table"])


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return config.yaml with the key at a dotted path set to a value."""
    config = copy.deepcopy(CONFIG)
    *parents, key = path.split(".")
    place = config
    for parent in parents:
        place = place[parent]
    place[key] = value
    return config


def overlaid(*overlays: str) -> dict[str, Any]:
    """Return config.yaml with overlays, as YAML, on it, merged in turn as Snakemake does."""
    config = copy.deepcopy(CONFIG)
    for overlay in overlays:
        update_config(config, yaml.safe_load(overlay))
    return config


def refusal(config: dict[str, Any]) -> str:
    """Return what is said of a mistake in a config, and check that it is one line."""
    with pytest.raises(UserError) as caught:
        check(config, SCHEMA, SOURCES)
    assert "\n" not in str(caught.value)
    return str(caught.value)
