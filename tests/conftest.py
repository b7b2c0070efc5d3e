"""What test files share: a small demo, a Slurm, and how their tests are divided and ordered."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tests.support.cluster import Cluster, lacking
from tests.support.running import ROOT, Finished, run_snakemake


class ByFile(LoadFileScheduling):
    """Gives the tests of a file to one process, and all files with tests of the demo to one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        text = (ROOT / file).read_text()
        asks = r'def \w+\((?:[^)]*, )?demo[,)]|getfixturevalue\("demo"\)'
        return "demo" if re.search(asks, text) else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Long files first, so that no process goes on alone at the end.
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    # The demo takes minutes to build: two processes must not both do so.
    return ByFile(config, log)


@pytest.fixture
def snakemake(tmp_path) -> Callable[..., Finished]:
    """Run Snakemake in an empty working directory."""
    return lambda *arguments, **options: run_snakemake(tmp_path, *arguments, **options)


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Path:
    """The working directory of a demo that was built at the reduced size, down to the PDF."""
    directory = tmp_path_factory.mktemp("demo")
    built = run_snakemake(directory, "all")
    assert built.returncode == 0, built.stdout[-6000:]
    return directory


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A Slurm of a test file's own; skips where there can be none."""
    if reason := lacking():
        pytest.skip(reason)
    made = Cluster()
    yield made
    made.close()
