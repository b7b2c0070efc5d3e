"""What room an experiment takes, where its parts lie, and what room there is on their disks."""

import enum
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pooch
from huggingface_hub import constants

from lionrank.audit.estimates import (
    BYTES_A_WEIGHT,
    Sizes,
    assumed,
    pairs_of,
    product,
    size_of,
    total,
)
from lionrank.config.experiment import others
from lionrank.config.formats import index_source
from lionrank.config.sources import Source
from lionrank.config.training_data import trained_on, used_data
from lionrank.config.treatments import collection_of_data
from lionrank.training.state import KEPT

BYTES_A_RUN_LINE = 55
"""Of `qid Q0 docid rank score tag` with ids of seven digits and a checkpoint's name as the tag."""

BYTES_A_WINDOW = 10
"""Of a file of windows, 12 of a document; one of a single window a document has twice as many."""

BYTES_OF_SOFTWARE = 7e9
"""Of a virtual environment with a CUDA build of PyTorch; one for CPUs alone has less than half."""


class Storage(enum.Enum):
    """Where something lies, each perhaps on a disk of its own, and what else can set it."""

    HUB = "hub's cache (`HF_HUB_CACHE`, `HF_HOME`)"
    WEB = "cache of other downloads (`XDG_CACHE_HOME`)"
    CATALOGUE = "cache of ir_datasets (`IR_DATASETS_HOME`)"
    WORK = "working directory (`--directory`)"
    SOFTWARE = "software environment"


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


def disk_use(
    config: Mapping[str, Any],
    sizes: Sizes,
    sources: list[Source],
    trainings: list[dict],
    searches: list[dict],
    reranking: list[dict],
    development: list[dict],
    teaching: list[dict],
    catalogued: Mapping[str, list[str]],
) -> Iterator[dict[str, Any]]:
    """Yield (what, bytes, how they are counted, place) of all that takes much room."""

    def item(
        what: str, size: float | None, how: str, place: Storage = Storage.WORK
    ) -> dict[str, Any]:
        return {"what": what, "bytes": size, "how": how, "place": place}

    text = "passages' text before compression"
    learnt_from = trained_on(config)
    yield item("software", BYTES_OF_SOFTWARE, "with CUDA; installed already", Storage.SOFTWARE)
    for place, whence in ((Storage.HUB, "the hub"), (Storage.WEB, "the web")):
        fetched = [
            source
            for source in sources
            if (source.kind == "url") is (place is Storage.WEB)
            and source.name not in config["sources"]["local"]
        ]
        known = [source.bytes for source in fetched if source.bytes is not None]
        unknown = [source.name for source in fetched if source.bytes is None]
        if known:
            how = f"{len(known)} of section 1"
            yield item(f"downloads from {whence}, of known size", sum(known), how, place)
        if unknown:
            how = ", ".join(unknown)
            yield item(f"downloads from {whence}, of unknown size", None, how, place)
    for name, ids in catalogued.items():
        yield item(f"downloads of {name}", None, ", ".join(ids), Storage.CATALOGUE)
    indexes = {index_source(entry) for entry in config["collections"].values()}
    for source in sources:
        if source.name in indexes:
            how = "taken as large as its archive: Lucene's files are compressed already"
            yield item(f"{source.name}, unpacked", source.bytes, how)
    for name in dict.fromkeys([*learnt_from, *(test_set["collection"] for test_set in reranking)]):
        passages = assumed(config, "collections", name, "passages")
        yield item(f"corpus of {name}", product(passages, _bytes_a_passage(config, name)), text)
    for data in used_data(config):
        pairs, _ = pairs_of(config, data)
        passage = _bytes_a_passage(config, collection_of_data(config, data))
        yield item(f"training data {data}", product(pairs, passage), text)
    # Sets with the same collection, topics and first stage have one file.
    ranked: dict[tuple[str, ...], dict] = {}
    for judged in [*reranking, *development]:
        ranked.setdefault(judged["ranked"], judged)
    for judged in ranked.values():
        passage = _bytes_a_passage(config, judged["collection"])
        yield item(f"candidates of {judged['name']}", product(judged["pairs"], passage), text)
    for test_set in reranking:
        lines = product(test_set["scored"], BYTES_A_RUN_LINE)
        yield item(f"run files of {test_set['name']}", lines, f"{BYTES_A_RUN_LINE} bytes a line")
        if (windows := test_set["windows"]) != 0:
            rows = product(windows, BYTES_A_WINDOW)
            yield item(f"windows of {test_set['name']}", rows, f"{BYTES_A_WINDOW} bytes a window")
    # Of a collection all teachers score the same.
    for name, pairs in {each["collection"]: each["pairs"] for each in teaching}.items():
        passages = product(pairs, _bytes_a_passage(config, name))
        yield item(f"candidates of teachers, of {name}", passages, text)
    for training in trainings:
        weights = training["jobs"] + len(training["names"])
        how = f"weights of {weights}, optimizer state in {training['jobs']}"
        yield item(f"checkpoints of {training['name']}", training["bytes"], how)
        how = f"weights of {training['jobs']}, which `snakemake all` copies to hub/"
        yield item(f"model cards of {training['name']}", training["bytes_with_cards"], how)
    for search in searches:
        how = f"of {search['trials'] + search['untuned']}, at most: removed once they are scored"
        yield item(f"checkpoints of trials of {search['name']}", search["bytes"], how)
    for name, system in others(config).items():
        if "checkpoint" in system:
            parameters = size_of(sizes, "systems", name, "parameters")
            yield item(f"checkpoint {name}", product(BYTES_A_WEIGHT, parameters), "weights")
    largest = max(
        (each for each in trainings if each["bytes_within_epoch"] is not None),
        key=lambda training: training["bytes_within_epoch"],
        default=None,
    )
    if largest is not None:
        how = f"{KEPT + 1}, of {largest['name']}, until the epoch's checkpoint is complete"
        yield item("states within an epoch", largest["bytes_within_epoch"], how)


def _bytes_a_passage(config: Mapping[str, Any], collection: str) -> float | None:
    return assumed(config, "collections", collection, "bytes_per_passage")


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
