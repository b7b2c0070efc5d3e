"""What test files share: a small demo, a Slurm, and how their tests are divided and ordered."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tests.support.cluster import Cluster, lacking
from tests.support.running import Finished, run_snakemake

FIRST = (
    "tests/cluster/",  # waits more than it computes
    "tests/end_to_end/test_demo.py",  # builds the demo
    "tests/end_to_end/test_experiment.py",
    "tests/benchmarks/",
    "tests/training/",
    "tests/cross_encoder/",
    "tests/end_to_end/",
    "tests/report/",
    "tests/release/",
    "tests/workflow/",
    "tests/paper/test_compiled_paper.py",
)
"""Which files begin, so that no process goes on alone at the end or waits for the demo."""
# Few examples, and always the same ones; `--hypothesis-profile=long` looks further.
settings.register_profile("quick", max_examples=12, derandomize=True, deadline=None, database=None)
settings.register_profile("long", max_examples=1200, deadline=None, database=None)
settings.load_profile("quick")
IMMUTABLE = {".safetensors", ".pt"}
"""Endings of large files that nothing changes in place."""


class ByFile(LoadFileScheduling):
    """Gives the tests of a file to one process, and all tests of the one Slurm to one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "cluster" if file.startswith("tests/cluster/") else file


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by their number: an archive has its date in it, and processes agree on names."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        places = (place for place, path in enumerate(FIRST) if item.nodeid.startswith(path))
        return next(places, len(FIRST))

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    # Fixtures of a file must not be made by two processes.
    return ByFile(config, log)


@pytest.fixture
def snakemake(tmp_path) -> Callable[..., Finished]:
    """Run Snakemake in an empty working directory."""
    return lambda *arguments, **options: run_snakemake(tmp_path, *arguments, **options)


@pytest.fixture(scope="session")
def built_demo(tmp_path_factory) -> Path:
    """The working directory of a demo that was built at the reduced size, down to the PDF.

    All test processes share it, so it is only read, and Snakemake runs in `demo`, a copy.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    directory, failed = folder / "demo", folder / "demo.failed"
    with FileLock(folder / "demo.lock"):
        if not directory.exists():
            built = run_snakemake(directory, "all")
            if built.returncode:
                failed.write_text(built.stdout[-6000:])
    assert not failed.exists(), failed.read_text()
    return directory


def _link_or_copy(source: str, target: str) -> None:
    if Path(source).suffix in IMMUTABLE:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


@pytest.fixture(scope="module")
def demo(built_demo, tmp_path_factory) -> Path:
    """A copy of the built demo for the tests of one file."""
    directory = tmp_path_factory.mktemp("demo") / "demo"
    return shutil.copytree(built_demo, directory, symlinks=True, copy_function=_link_or_copy)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A Slurm of the tests' own; skips where there can be none."""
    if reason := lacking():
        pytest.skip(reason)
    made = Cluster()
    yield made
    made.close()
