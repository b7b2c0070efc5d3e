"""Where the parts of an experiment lie, and what room there is: caches, folders and their disks."""

import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pooch
from huggingface_hub import constants

from lionrank.audit.estimates import Storage, total


def paths() -> dict[Storage, Path]:
    """Return where each part lies for whoever writes the audit, in the working directory."""
    catalogue = os.environ.get("IR_DATASETS_HOME", Path.home() / ".ir_datasets")
    return {
        Storage.HUB: Path(constants.HF_HUB_CACHE),
        Storage.WEB: Path(pooch.os_cache("lionrank")),
        Storage.CATALOGUE: Path(catalogue),
        Storage.WORK: Path.cwd(),
        Storage.SOFTWARE: Path(sys.prefix),
    }


def disks(
    items: Iterable[Mapping[str, Any]], paths: Mapping[Storage, Path]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the places that the items fall on, and the disks on which those lie.

    A place has its path, what it takes and its disk, by the folder that it is mounted at. A disk
    has that folder, what it takes and the bytes that are free on it now.
    """
    of_place: dict[Storage, list[float | None]] = defaultdict(list)
    of_disk: dict[Path, list[float | None]] = defaultdict(list)
    for item in items:
        of_place[item["place"]].append(item["bytes"])
        of_disk[_mounted_at(paths[item["place"]])].append(item["bytes"])
    places = [
        {
            "place": place,
            "path": paths[place],
            "takes": total(sizes),
            "disk": _mounted_at(paths[place]),
        }
        for place, sizes in of_place.items()
    ]
    return places, [
        {"disk": disk, "takes": total(sizes), "free": shutil.disk_usage(disk).free}
        for disk, sizes in of_disk.items()
    ]


def _mounted_at(path: Path) -> Path:
    """Return where the disk is mounted on which a path lies, or will once it is made."""
    path = path.resolve()
    while not os.path.ismount(path):
        path = path.parent
    return path
