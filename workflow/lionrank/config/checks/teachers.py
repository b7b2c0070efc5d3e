"""Checking the config: teachers.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.config import teachers
from lionrank.errors import UserError
from lionrank.grid import FIRST_STAGE


def check_teachers(config: Mapping[str, Any]) -> None:
    """Check what teachers are, and that none learns from itself."""
    trained = teachers.of_grid(config)
    for name, entry in config["teachers"].items():
        place = f"config: teachers.{name}"
        if name == FIRST_STAGE or name in config["systems"]:
            what = "a system" if name in config["systems"] else "the first stage"
            raise UserError(f"{place}: {name!r} is the name of {what}: name the teacher otherwise")
        kinds = [kind for kind in teachers.KINDS if kind in entry]
        if len(kinds) != 1:
            raise UserError(f"{place}: set one of {', '.join(teachers.KINDS)}")
        if "scale" in entry and "bi_encoder" not in entry:
            raise UserError(
                f"{place}.scale: only the similarity of a bi_encoder is scaled: drop it"
            )
        is_of_grid = entry.get("checkpoint") in trained
        for key in ("max_length", "precision"):
            if entry.get(key) is not None and ("checkpoint" not in entry or is_of_grid):
                what = "its training has one" if is_of_grid else "it is for a checkpoint"
                raise UserError(f"{place}.{key}: {what}: drop it")
        if str(entry.get("checkpoint")).startswith("package:"):
            raise UserError(f"{place}.checkpoint: name a folder, or a row of the table of sources")
        chain = [name]
        for taught in teachers.taught_by(config, name):
            if taught in chain:
                raise UserError(
                    f"{place}.checkpoint: {entry['checkpoint']} learns from "
                    f"{' and '.join(dict.fromkeys([*chain[1:], taught]))}, and so the teacher from "
                    "itself: name a checkpoint that has learnt from something else"
                )
            chain.append(taught)
