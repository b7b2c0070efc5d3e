"""Audits of the experiment and of overlays on it, for the tests of the page and its arithmetic."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from types import MappingProxyType

import yaml
from snakemake.utils import update_config

from lionrank.audit import page as audit
from lionrank.audit.disks import Storage
from lionrank.audit.estimates import Sizes
from lionrank.audit.schedule import Queue
from lionrank.config.sources import Source
from lionrank.files import write_json_lines
from lionrank.grid import training_name
from lionrank.published.settings import ComparedSetting

ROOT = Path(__file__).parents[2]
LION = ROOT / "paper" / "published" / "lion"
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
COMMIT = "0123456789abcdef0123456789abcdef01234567"
JOBS = {"initialise": 6, "train_epoch": 18}


def merged(*overlays: str | dict) -> dict:
    """Return config.yaml with overlays, which are files of config/ or parts of a config."""
    config = copy.deepcopy(CONFIG)
    for overlay in overlays:
        if isinstance(overlay, str):
            overlay = yaml.safe_load((ROOT / "config" / overlay).read_text())
        update_config(config, overlay)
    return config


def source(name: str, **changes) -> Source:
    fields = {
        "kind": "dataset",
        "id": f"owner/{name}",
        "files": ("*.parquet",),
        "revision": COMMIT,
        "bytes": 1_000_000,
        "exact": True,
        "checksums": {},
        "licence": "MIT",
        "cited": "",
        "used_for": "tests",
        "table": "t.csv",
    }
    return Source(name=name, **(fields | changes))


SIZES = {
    "models.minilm": {"parameters": 33_360_385, "encoder": 21_293_568, "positions": 512},
    "models.gte": {"parameters": 305_959_681, "encoder": 113_329_152, "positions": 8_192},
    "models.modernbert": {"parameters": 149_605_633, "encoder": 110_330_880, "positions": 8_192},
}
SCORINGS = """
scorings:
  first: {label: First, aggregation: first_p, window: 64, stride: 32}
  best: {label: Best, aggregation: max_p, window: 64, stride: 32}
  mean: {label: Mean, aggregation: mean_p, window: 64, stride: 64}
  full: {label: Full, aggregation: full, max_length: null}
test_sets:
  by_first: &it {label: By first, collection: msmarco, topics: dl19, scoring: first}
  by_best: {<<: *it, label: By best, scoring: best}
  by_mean: {<<: *it, label: By mean, scoring: mean}
  in_full: {<<: *it, label: In full, scoring: full}
grid:
  test_sets: [by_first, by_best, by_mean, in_full]
  every_epoch_on: [by_best]
dev_sets: {nano_nq: {scoring: full}}
audit:
  collections:
    msmarco: {tokens_per_pair: 1012, tokens_per_document: 1000}
    nano_nq: {tokens_per_pair: 900}
  test_sets: {by_first: &size {topics: 43}, by_best: *size, by_mean: *size, in_full: *size}
"""
"""Documents of 1,000 tokens, with 12 more in a pair; two test sets have the same windows."""
SEARCH = {"epochs": 2, "share": 0.5, "keep": 0.5}
SEARCHES = {
    "minilm_lion": {
        "model": "minilm",
        "optimizer": "lion",
        "space": {
            "learning_rate": {"low": 1e-7, "high": 1e-4, "log": True},
            "schedule": ["none", "linear"],
        },
        "trials": ["t0000000a", "t0000000b", "t0000000c", "t0000000d"],
        "untuned": ["t00000000"],
        "dev_sets": ["nano_nq"],
        "chosen": None,
    }
}
"""As the audit's plan tells of a search of these settings."""
QUEUE = Queue.read(ROOT / "profiles" / "a100" / "config.yaml")
PATHS = dict.fromkeys(Storage, Path("/"))


def facts_of(
    config: dict,
    *sources: Source,
    logs: Iterable[Path] = (),
    recorded: Mapping[str, str | None] = MappingProxyType({}),
    catalogued: Mapping[str, list[str]] = MappingProxyType({}),
    paths: Mapping[Storage, Path] = MappingProxyType(PATHS),
    sizes: Sizes = MappingProxyType(SIZES),
    uncounted: Mapping[str, str] = MappingProxyType({}),
    scored_again: Mapping[str, list[str]] = MappingProxyType({}),
    searches: Mapping[str, Mapping] = MappingProxyType({}),
    studies: Iterable[Path] = (LION,),
    alike: Mapping[str, str] | None = None,
) -> dict:
    """Return the facts of an audit of an experiment that downloads these sources.

    Its trainings stand for those of `studies` of the same names, if `alike` says nothing else.
    """
    grid = config["grid"]
    names = [training_name(*each) for each in product(grid["models"], grid["optimizers"])]
    alike = dict(zip(names, names, strict=True)) if alike is None else alike
    table = {source.name: source for source in sources}
    return audit.collect(
        *(config, table, list(table), dict.fromkeys(studies, alike), scored_again, searches),
        *(JOBS, logs, recorded, catalogued, paths, sizes, uncounted, QUEUE),
    )


def compared(config: dict) -> Sequence[ComparedSetting]:
    """Return our settings beside those of the study of Lion."""
    (beside,) = facts_of(config)["beside"]
    return beside.compared


def marked(config: dict, source: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return (setting, trainings) of what differs from a source."""
    return [(row.setting, row.trainings) for row in compared(config) if row.differs(source)]


def row_of(page: str, *starts: str) -> str:
    """Return the one row of the page's tables whose first cells are `starts`."""
    start = "| " + " | ".join(starts) + " |"
    (row,) = [line for line in page.splitlines() if line.startswith(start)]
    return row


def write_log(folder: Path, name: str, **changes) -> Path:
    """Write a training log of one step and what its jobs cost."""
    cost = {"step": 1, "jobs": 1, "job_seconds": 3600.0, "device_hours": 1.0}
    cost |= {"devices": "1 x NVIDIA A100", "repeated_steps": 0, "repeated_seconds": 0.0}
    write_json_lines(folder / f"{name}.jsonl", [{"step": 1, "loss": 0.5}, cost | changes])
    return folder / f"{name}.jsonl"
