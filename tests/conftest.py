"""Running the workflow as a user does, and one small demo that the end-to-end tests share."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parents[1]
Finished = subprocess.CompletedProcess[str]


def snakemake_command(
    directory: Path, *arguments: str | os.PathLike, overlay: str = ""
) -> list[str | os.PathLike]:
    """Return the command that runs the demo's workflow at the tests' reduced size."""
    overlays = [ROOT / "config" / "demo.yaml", ROOT / "tests" / "support" / "reduced.yaml"]
    if overlay:
        directory.mkdir(parents=True, exist_ok=True)
        overlays.append(directory / "overlay.yaml")
        overlays[-1].write_text(overlay)
    return [
        *(sys.executable, "-m", "snakemake", *arguments),
        *("--directory", directory, "--configfile", *overlays),
    ]


def start_snakemake(directory: Path, *arguments: str, overlay: str = "") -> subprocess.Popen:
    """Start the demo's workflow at the tests' reduced size, as a process group of its own."""
    return subprocess.Popen(
        snakemake_command(directory, *arguments, overlay=overlay),
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def run_snakemake(directory: Path, *arguments: str, overlay: str = "") -> Finished:
    """Run the demo's workflow at the tests' reduced size in `directory` to its end."""
    job = start_snakemake(directory, *arguments, overlay=overlay)
    told, _ = job.communicate()
    return Finished(job.args, job.returncode, told)


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it was not in this time.
    """
    last = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > last:
            raise TimeoutError(f"waited {seconds} s in vain")
        time.sleep(0.1)


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
def cluster() -> Iterator:
    """A Slurm of a test file's own, a `cluster.Cluster`; skips where there can be none."""
    from tests.support.cluster import Cluster, lacking  # which imports this file

    if reason := lacking():
        pytest.skip(reason)
    made = Cluster()
    yield made
    made.close()
