"""What a change of code reruns: what hangs on what the code does, and nothing for a new date."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running import ROOT, Finished, jobs

pytestmark = pytest.mark.slow
TARGET = "collections/pydocs/statistics.json"
SCRIPT = "workflow/scripts/collections/pydocs.py"
MODULE = "workflow/lionrank/collections/pydocs.py"


class Clone:
    """A clone of the project as it stands, with a working directory of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.directory = folder / "clone", folder / "run"
        files = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
        for name in filter(None, files.split("\0")):
            if (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.folder / name)
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit()

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *identity, *arguments], cwd=self.folder, check=True)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "As it stands")

    def snakemake(self, *arguments: str) -> Finished:
        configs = ["config/demo.yaml", "tests/support/reduced.yaml"]
        return subprocess.run(
            [
                *(sys.executable, "-m", "snakemake", *arguments),
                *("--directory", self.directory, "--configfile", *configs),
            ],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(self.folder / "workflow")},
            capture_output=True,
            text=True,
        )

    def planned(self) -> set[str]:
        """Return the rules that a dry run would run again."""
        told = self.snakemake("--dry-run", TARGET)
        assert told.returncode == 0, told.stderr
        return set(jobs(told.stdout + told.stderr))

    def edit(self, name: str, text: str) -> None:
        with open(self.folder / name, "a", encoding="utf-8") as handle:
            handle.write(text)


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Clone:
    made = Clone(tmp_path_factory.mktemp("reruns"))
    built = made.snakemake(TARGET)
    assert built.returncode == 0, built.stderr[-3000:]
    assert made.planned() == set()
    return made


def test_a_script_with_a_new_date_reruns_nothing(clone):
    (clone.folder / SCRIPT).touch()
    assert clone.planned() == set()


def test_another_branch_and_back_reruns_nothing(clone):
    clone.git("switch", "--quiet", "--create", "other")
    for name in (SCRIPT, MODULE):
        clone.edit(name, "\nprint('changed')\n")
    clone.commit()
    assert "pydocs" in clone.planned()
    clone.git("switch", "--quiet", "main")
    assert clone.planned() == set()


def test_a_pulled_comment_reruns_nothing(clone):
    for name in (SCRIPT, MODULE):
        clone.edit(name, "\n# A comment.\n")
    clone.commit()
    assert clone.planned() == set()
