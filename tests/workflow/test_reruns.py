"""What reruns jobs: what their results hang on, and neither a new date nor another place."""

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running import ROOT, Finished, jobs
from tests.support.workflow import planned

slow = pytest.mark.slow
TARGETS = ("collections/pydocs/statistics.json", "paper/tables/optimizers.tex", "audit.md")
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
        told = self.snakemake("--dry-run", *TARGETS)
        assert told.returncode == 0, told.stderr
        return set(jobs(told.stdout + told.stderr))

    def elsewhere(self, folder: Path | None = None, directory: Path | None = None) -> "Clone":
        """Return a clone that lies, or works, in another folder."""
        other = copy.copy(self)
        other.folder, other.directory = folder or self.folder, directory or self.directory
        return other

    def edit(self, name: str, text: str) -> None:
        with open(self.folder / name, "a", encoding="utf-8") as handle:
            handle.write(text)


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Clone:
    made = Clone(tmp_path_factory.mktemp("reruns"))
    built = made.snakemake(*TARGETS)
    assert built.returncode == 0, built.stderr[-3000:]
    assert made.planned() == set()
    return made


def test_the_reasons_of_a_dry_run_are_short(tmp_path):
    """They have the params that changed, of before and of now, in full."""
    jobs = planned(tmp_path, "all", "audit", "archive", "report_files")
    lengths = {
        (job.rule.name, key): len(repr(value)) for job in jobs for key, value in job.params.items()
    }
    assert len({rule for rule, _ in lengths}) > 40
    assert {place: length for place, length in lengths.items() if length > 1500} == {}


@slow
def test_a_script_with_a_new_date_reruns_nothing(clone):
    (clone.folder / SCRIPT).touch()
    assert clone.planned() == set()


@slow
def test_another_branch_and_back_reruns_nothing(clone):
    clone.git("switch", "--quiet", "--create", "other")
    for name in (SCRIPT, MODULE):
        clone.edit(name, "\nprint('changed')\n")
    clone.commit()
    assert "pydocs" in clone.planned()
    clone.git("switch", "--quiet", "main")
    assert clone.planned() == set()


@slow
def test_a_pulled_comment_reruns_nothing(clone):
    for name in (SCRIPT, MODULE):
        clone.edit(name, "\n# A comment.\n")
    clone.commit()
    assert clone.planned() == set()


@slow
def test_another_clone_of_the_commit_reruns_nothing(clone, tmp_path):
    clone.git("clone", "--quiet", ".", str(tmp_path / "other"))
    other = clone.elsewhere(tmp_path / "other")
    assert other.planned() == set()
    other.edit("envs/lock.txt", "another==1\n")
    other.edit("paper/tables/optimizers.tex.j2", "% changed\n")
    other.edit("paper/published/lion/settings.csv", "\n")
    assert other.planned() == {"pydocs", "optimizers_table", "audit"}


@slow
def test_a_link_to_the_clone_or_to_the_working_directory_reruns_nothing(clone, tmp_path):
    (tmp_path / "clone").symlink_to(clone.folder)
    (tmp_path / "run").symlink_to(clone.directory)
    assert clone.elsewhere(tmp_path / "clone", tmp_path / "run").planned() == set()


@slow
def test_a_copy_of_the_working_directory_with_its_dates_reruns_nothing(clone, tmp_path):
    shutil.copytree(clone.directory, tmp_path / "run")
    assert clone.elsewhere(directory=tmp_path / "run").planned() == set()


@slow
def test_a_clone_below_a_path_with_a_space_goes_on_where_python_has_none(clone, tmp_path):
    clone.git("clone", "--quiet", ".", str(tmp_path / "my clone"))
    other = clone.elsewhere(tmp_path / "my clone", tmp_path / "my run")
    built = other.snakemake(*TARGETS)
    assert built.returncode == 0, built.stderr[-3000:]
    assert clone.elsewhere(directory=tmp_path / "my run").planned() == set()


@pytest.mark.parametrize("overlays", [["demo.yaml"], []], ids=["demo", "experiment"])
def test_no_job_names_the_place_of_the_clone_in_what_reruns_it(tmp_path, overlays):
    targets = ("all", "prefetch", "report_files", "archive", "audit.md")
    for job in planned(tmp_path, *targets, overlays=overlays):
        assert str(ROOT) not in repr([*map(str, job.input), *job.params]), job.rule.name
