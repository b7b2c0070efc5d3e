"""Checking the config: where collections come from.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.errors import UserError

FOLDER_OR_SOURCE = ("beir", "lotte")
"""Formats of which the user has a folder, or a source has one packed."""


def check_collections(config: Mapping[str, Any]) -> None:
    """Check that collections say where they are, and their shortest lengths before the longest."""
    for name, entry in config["collections"].items():
        place = f"config: collections.{name}"
        is_either = entry["format"] in FOLDER_OR_SOURCE
        if is_either and ("folder" in entry) == ("source" in entry):
            raise UserError(f"{place}: set one of folder and source")
        for key in {"summary_characters", "body_characters"} & entry.keys():
            least, greatest = entry[key]
            if least > greatest:
                raise UserError(f"{place}.{key}: {least} > {greatest}")
