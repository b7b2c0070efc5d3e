"""Downloading sources as the workflow does, from a local hub that can misbehave."""

import csv
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lionrank.config.sources import COLUMNS
from tests.support.hub import Hub
from tests.support.rule_scripts import Finished, run_script

ID = "laboratory/crane"
DATASET = ("dataset", ID)
SHARDS = "corpus/train-00000-of-00002.parquet", "corpus/train-00001-of-00002.parquet"
FILES = {
    SHARDS[0]: b"first shard",
    SHARDS[1]: b"second shard",
    "corpus/README.txt": b"small and not LFS",
    "loader.py": b"never wanted",
    "queries/train.parquet": b"not asked for",
}
PATTERNS = "corpus/*.parquet corpus/README.txt"
WANTED = {path: FILES[path] for path in (*SHARDS, "corpus/README.txt")}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Workplace:
    """A folder with a table of sources, caches of its own, and the hub that they are fetched from.

    `environment` is all that a fetch knows of the outside.
    """

    def __init__(self, folder: Path, hub: Hub):
        self.folder = folder
        self.hub = hub
        self.rows: dict[str, dict[str, str]] = {}
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(folder / "hf"),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }

    def source(self, name: str = "crane", /, **cells: str) -> None:
        """Write a row of the table; cells that are not given are those of the tests' data set."""
        usual = {"kind": "dataset", "id": ID, "files": PATTERNS, "revision": "unknown"}
        self.rows[name] = dict.fromkeys(COLUMNS, "") | usual | {"name": name} | cells
        with open(self.folder / "sources.csv", "w", newline="") as handle:
            writer = csv.DictWriter(handle, COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows.values())

    def fetch(
        self, name: str = "crane", local: str | Path | None = None, largest: int = 0
    ) -> Finished:
        """Run the rule's script in a process of its own, no file larger than `largest` bytes."""
        job = {
            "output": [str(self.output(name))],
            "wildcards": {"source": name},
            "params": {
                "table": str(self.folder / "sources.csv"),
                "local": local and str(local),
            },
        }
        return run_script("sources/fetch.py", job, self.folder, self.environment, largest)

    def output(self, name: str = "crane") -> Path:
        return self.folder / "sources" / name

    def lock(self, name: str = "crane") -> dict:
        return json.loads(self.output(name).with_name(f"{name}.lock.json").read_text())

    def content(self, name: str = "crane") -> dict[str, bytes]:
        """Return what lies in the output, path -> bytes; every file has to be a link."""
        found = [path for path in self.output(name).rglob("*") if not path.is_dir()]
        assert all(path.is_symlink() for path in found)
        return {str(path.relative_to(self.output(name))): path.read_bytes() for path in found}

    def assert_untouched(self, name: str = "crane") -> None:
        """Neither folder nor lock nor half of one was left."""
        folder = self.output(name).parent
        assert not folder.exists() or list(folder.iterdir()) == []


@contextmanager
def workplace(folder: Path) -> Iterator[Workplace]:
    """Make a workplace in a folder, with a hub that has the tests' data set."""
    with Hub({DATASET: FILES}) as hub:
        (folder / "sources").mkdir()
        yield Workplace(folder, hub)


def url_source(work: Workplace, content: bytes, **cells: str) -> None:
    """Write a row of the table for a file of the web; the table has the checksum of `content`."""
    address = f"{work.hub.url}/files/{{revision}}/topics.txt"
    checksum = f"topics.txt=sha256:{sha256(content)}"
    row = {"kind": "url", "id": address, "files": "", "revision": "1" * 40, "checksums": checksum}
    work.source("topics", **row | cells)
