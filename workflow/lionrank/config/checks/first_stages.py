"""Checking the config: first stages.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.config import first_stages
from lionrank.config.checks.systems import named_so
from lionrank.errors import UserError
from lionrank.grid import VARIOUS

FILES_OF_RETRIEVAL = ("candidates", "index", "published")
"""What files of retrieval are named by, where others are by the name of a first stage."""


def check_first_stages(config: Mapping[str, Any]) -> None:
    """Check what first stages are, and that no two sets would have the same files."""
    for name, entry in config["first_stages"].items():
        place = f"config: first_stages.{name}"
        if name in FILES_OF_RETRIEVAL:
            raise UserError(f"{place}: {name!r} is the name of other files: name it otherwise")
        if name == VARIOUS.name:
            raise UserError(f"{place}: {name!r} is what tables call several: name it otherwise")
        for kind, what in (("systems", "a system"), ("teachers", "a teacher")):
            if name in config[kind]:
                raise UserError(f"{place}: {name!r} is the name of {what}: name it otherwise")
        if whose := named_so(name, config):
            raise UserError(f"{place}: {name!r} is {whose}: name it otherwise")
        if len([kind for kind in first_stages.KINDS if kind in entry]) != 1:
            raise UserError(f"{place}: set one of {', '.join(first_stages.KINDS)}")
        both = config["test_sets"].keys() & config["dev_sets"].keys()
        if both := both & entry.get("run_files", {}).keys():
            raise UserError(
                f"{place}.run_files: {min(both)!r} is a test set and a dev set: rename one of them"
            )
    _check_files(config)
    for name, data in config["training_data"].items():
        ranked = config["first_stages"].get(data.get("ranking"), {})
        if "run_files" in ranked:
            raise UserError(
                f"config: training_data.{name}.ranking: {data['ranking']!r} has run files of test "
                "sets and dev sets, and none of training topics: name the path of one, with a /"
            )


def _check_files(config: Mapping[str, Any]) -> None:
    """Check that sets of the grid with the same files mean the same, and have their run files."""
    seen: dict[tuple[str, ...], tuple[str, Any]] = {}
    for kind in ("dev_sets", "test_sets"):
        for name in config["grid"][kind]:
            judged = config[kind][name]
            place = f"config: {kind}.{name}"
            run_files = config["first_stages"].get(judged.get("first_stage"), {}).get("run_files")
            if run_files is not None and name not in run_files:
                raise UserError(
                    f"{place}.first_stage: first_stages.{judged['first_stage']}.run_files names "
                    "none of it: add one"
                )
            files = (
                *(judged["collection"], judged["topics"]),
                first_stages.suffix(config, judged),
            )
            means = first_stages.depth_of(config, judged), (run_files or {}).get(name)
            other, meant = seen.setdefault(files, (f"{kind}.{name}", means))
            if meant != means:
                what = "depth" if meant[0] != means[0] else "run file"
                raise UserError(
                    f"{place}: collection, topics and first stage are those of {other}, and so the "
                    f"files, but its {what} is another: set the same, or take one out of the grid"
                )
