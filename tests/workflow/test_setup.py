"""The set-up: the lock and its copies, the check of the system, what make does about .venv."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCK = [Requirement(line) for line in (ROOT / "envs/lock.txt").read_text().splitlines()]
LOCKED = {canonicalize_name(pin.name) for pin in LOCK}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DIRECT = {
    canonicalize_name(name)
    for name in PYPROJECT["project"]["dependencies"] + PYPROJECT["dependency-groups"]["dev"]
}
PACKAGES, PACKAGES_OF_TESTS, PACKAGES_OF_SLURM = (
    re.findall(r"^[a-z0-9-]+", (ROOT / "envs" / name).read_text(), re.MULTILINE)
    for name in ("apt.txt", "apt-tests.txt", "apt-cluster.txt")
)


# The lock


def test_the_lock_holds_exact_public_versions_and_nothing_else():
    for line in (ROOT / "envs/lock.txt").read_text().splitlines():
        assert re.fullmatch(r"[\w.-]+==[0-9][0-9a-z.]*( ; .+)?", line), line
    assert len(LOCKED) == len(LOCK)
    assert "setuptools" in LOCKED  # what installs the project itself, without build isolation


def test_direct_dependencies_are_named_without_versions_and_locked():
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in DIRECT)
    assert DIRECT <= LOCKED


def test_the_conda_environment_has_the_pins_of_the_lock():
    dependencies = yaml.safe_load((ROOT / "envs/lionrank.yaml").read_text())["dependencies"]
    pins = dependencies[-1]["pip"]
    assert {canonicalize_name(Requirement(pin).name) for pin in pins} == DIRECT
    assert set(pins) <= {str(pin) for pin in LOCK}


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_nothing_is_left_for_pip_to_choose(python):
    environment = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    needed = {
        (canonicalize_name(requirement.name), pin.name)
        for pin in LOCK
        for requirement in map(Requirement, metadata.requires(pin.name) or [])
        if requirement.marker is None or requirement.marker.evaluate(environment)
    }
    # A torch built for GPUs needs more than the one for CPUs, at versions that it pins itself.
    assert {name for name, parent in needed if parent != "torch"} <= LOCKED


def test_the_environment_is_the_locked_one():
    installed = {pin.name: Version(metadata.version(pin.name)).public for pin in LOCK}
    assert [pin for pin in LOCK if installed[pin.name] not in pin.specifier] == []


# The check of the system, on machines that have what a test gives them


def put(folder, name, script="exit 0"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def machine(tmp_path):
    """A PATH with the tools of any Debian and an apt-get that notes what it is asked for."""
    commands = tmp_path / "bin"
    put(commands, "id", "echo 1000")
    put(commands, "apt-get", f'echo "$@" >> {tmp_path}/apt.log')
    for tool in ["dirname", "sed", "xargs", "echo"]:
        (commands / tool).symlink_to(shutil.which(tool))
    return commands


def check(machine, *commands, python=sys.executable):
    return subprocess.run(
        ["/bin/sh", ROOT / "envs/system.sh", python, *commands],
        env={"PATH": str(machine)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_a_complete_system_is_passed_in_silence(machine):
    for command in ["latexmk", "kpsewhich", "pdftotext"]:
        put(machine, command)
    done = check(machine, "pdftotext")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (machine.parent / "apt.log").exists()


def test_a_user_without_tex_gets_one_line_to_run(machine):
    done = check(machine)
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.startswith(
        "Missing: latexmk, IEEEtran.cls, booktabs.sty, siunitx.sty, t5enc.def. Run:"
    )
    assert done.stderr.count("\n") == 1
    assert done.stderr.split()[-len(PACKAGES) :] == PACKAGES
    assert not (machine.parent / "apt.log").exists()
    tested = check(machine, "pdftotext").stderr
    assert tested.strip().endswith(" ".join(["", *PACKAGES, *PACKAGES_OF_TESTS]))


@pytest.mark.parametrize(
    ("command", "needed"), [("latexmk", True), ("kpsewhich", True), ("pdftotext", False)]
)
def test_each_missing_command_is_noticed_where_it_is_needed(machine, command, needed):
    for other in {"latexmk", "kpsewhich", "pdftotext"} - {command}:
        put(machine, other)
    assert (check(machine).returncode != 0) is needed
    assert check(machine, "pdftotext").returncode != 0


def test_a_python_without_venv_is_noticed(machine):
    for command in ["latexmk", "kpsewhich"]:
        put(machine, command)
    put(machine, "python3", 'case "$2" in *ensurepip*) exit 1;; esac')
    assert check(machine, python="python3").stderr.startswith("Missing: python3's venv. Run:")


def test_root_gets_what_is_missing_from_apt(machine):
    put(machine, "id", "echo 0")
    log, bin_ = machine.parent / "apt.log", machine
    # TeX is there once apt has been asked to install it.
    put(machine, "kpsewhich", f"[ -e {bin_}/latexmk ]")
    put(
        machine,
        "apt-get",
        f'echo "$@" >> {log}; [ "$1" = update ] || /bin/ln -s /bin/true {bin_}/latexmk',
    )
    done = check(machine)
    assert (done.returncode, done.stderr) == (0, "")
    update, install = log.read_text().splitlines()
    assert update == "update"
    assert install.split() == ["install", "-y", "--no-install-recommends", *PACKAGES]


def test_root_is_told_when_apt_could_not_help(machine):
    put(machine, "id", "echo 0")
    done = check(machine)
    assert done.returncode != 0
    assert done.stderr.startswith("Missing: latexmk")
    (machine / "apt-get").unlink()
    done = check(machine)
    assert done.returncode != 0
    assert done.stderr.startswith("Missing: latexmk")
    assert done.stdout == ""


def test_for_the_tests_root_gets_slurm_too_and_does_without_where_there_is_none(machine):
    for command in ["latexmk", "kpsewhich", "pdftotext"]:
        put(machine, command)
    log = machine.parent / "apt.log"
    assert check(machine, "pdftotext").returncode == 0  # a user, who is not asked for it
    assert not log.exists()
    put(machine, "id", "echo 0")
    assert check(machine).returncode == 0  # root, for the demo alone
    assert not log.exists()
    done = check(machine, "pdftotext")
    assert (done.returncode, done.stderr) == (0, "")
    assert log.read_text().splitlines()[-1].split()[3:] == PACKAGES_OF_SLURM
    put(machine, "apt-get", "exit 100")
    done = check(machine, "pdftotext")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "No Slurm: the tests of --profile a100 will be skipped.\n"


def test_an_old_python_stops_before_anything_is_installed(machine):
    put(machine, "id", "echo 0")
    put(machine, "python3", 'if [ "$1" = --version ]; then echo Python 3.9.2; fi; exit 1')
    done = check(machine, python="python3")
    assert done.returncode != 0
    assert done.stderr.startswith("Python 3.9.2 is too old")
    assert done.stderr.count("\n") == 1
    assert not (machine.parent / "apt.log").exists()


# make


@pytest.fixture
def clone(tmp_path):
    """A clone whose python makes a .venv with a pip that only notes what it is asked for."""
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "envs", clone / "envs")
    for name in ["Makefile", "pyproject.toml"]:
        shutil.copy(ROOT / name, clone)
    for command in ["latexmk", "kpsewhich"]:
        put(tmp_path / "bin", command)
    put(clone, "pip", 'echo "pip $@" >> asked.log; [ ! -e offline ]')
    put(
        tmp_path / "bin",
        "python3",
        '[ "$1" = -m ] || exit 0; echo "$2" >> asked.log; mkdir -p .venv/bin; cp pip .venv/bin',
    )
    return clone


def make(clone, *arguments):
    """Runs make; `asked` is what it asked of python and pip, a line each."""
    asked = clone / "asked.log"
    asked.unlink(missing_ok=True)
    done = subprocess.run(
        ["make", *arguments],
        cwd=clone,
        env={"PATH": f"{clone.parent / 'bin'}:{os.defpath}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    done.asked = asked.read_text().splitlines() if asked.exists() else []
    return done


def change(clone, name):
    later = (clone / ".venv/.installed").stat().st_mtime + 1
    os.utime(clone / name, (later, later))


def test_make_alone_lists_the_targets(clone):
    lines = make(clone).stdout.splitlines()
    targets = [line.split()[1] for line in lines]
    names = ["train", "score", "length", "scaling", "optimizer", "bm25", "draw", "join", "dryrun"]
    benchmarks = [f"bench-{name}" for name in [*names, "gpu"]]
    built = ["demo", "report", "archive"]
    tests = ["test", "test-fast", "test-cluster", "lint", "docs"]
    others = ["gpu-wheels", "lock", "clean"]
    assert targets == ["help", "install", *built, *tests, *benchmarks, *others]


@pytest.mark.parametrize("before", ["nothing", "a finished .venv"])
def test_a_failed_install_is_begun_anew(clone, before):
    if before != "nothing":
        make(clone, "install")
        change(clone, "envs/lock.txt")
    (clone / "offline").touch()
    failed = make(clone, "install")
    assert failed.returncode != 0
    assert "--requirement envs/lock.txt" in failed.asked[-1]
    (clone / "offline").unlink()
    assert make(clone, "install").asked[0] == "venv"


def test_an_install_is_done_once(clone):
    first = make(clone, "install")
    assert first.returncode == 0
    assert [line.split()[0] for line in first.asked] == ["venv", "pip", "pip"]
    assert make(clone, "install").asked == []


@pytest.mark.parametrize("name", ["envs/lock.txt", "pyproject.toml"])
def test_an_install_is_brought_up_to_date(clone, name):
    make(clone, "install")
    change(clone, name)
    assert [line.split()[0] for line in make(clone, "install").asked] == ["pip", "pip"]


def test_without_tex_nothing_is_installed(clone):
    put(clone.parent / "bin", "kpsewhich", "exit 1")
    put(clone.parent / "bin", "id", "echo 1000")
    for target in ["demo", "test"]:
        done = make(clone, target)
        assert done.returncode != 0
        assert done.asked == []


@pytest.mark.parametrize("name", ["a b", "a'b", 'a"b', "a$b", "a\\b", "a(b)", "a{b}", "a:b"])
def test_where_nothing_could_run_nothing_is_installed_and_one_line_says_why(clone, name):
    place = clone.rename(clone.parent / name)
    for target in ["install", "demo", "test"]:
        done = make(place, target)
        assert done.returncode != 0
        assert done.asked == []
        assert done.stderr.startswith(f"{place}: ") and "move the clone" in done.stderr
        assert done.stderr.count("\n") == 2  # the other one is make's


def test_a_link_to_where_nothing_could_run_does_not_help(clone):
    link = clone.parent / "link"
    link.symlink_to(clone.rename(clone.parent / "a b"))
    done = make(link, "install")
    assert done.returncode != 0
    assert done.stderr.startswith(f"{clone.parent / 'a b'}: ")
    assert done.asked == []


@pytest.mark.parametrize("name", ["a#b", "a%b", "a,b", "a~b", "añ", "ж", "a=b", "a@b+c"])
def test_an_unusual_path_that_works_is_installed_below(clone, name):
    assert make(clone.rename(clone.parent / name), "install").returncode == 0


def test_only_the_tests_need_pdftotext_and_a_browser(clone):
    assert "system.sh python3 pdftotext chromium\n" in make(clone, "-n", "test").stdout
    assert "pdftotext" not in make(clone, "-n", "demo").stdout


def test_a_demo_with_an_overlay_has_a_working_directory_of_its_own(clone):
    plain, overlaid = (make(clone, "-n", "demo", *more).stdout for more in ([], ["OVERLAY=x"]))
    assert "runs/demo/paper/main.pdf" in plain and "--directory" not in plain
    assert "runs/demo_x/paper/main.pdf" in overlaid
    assert "--directory runs/demo_x " in overlaid
    assert "--configfile config/demo.yaml config/demo_x.yaml" in overlaid


def test_clean_removes_the_runs_and_nothing_else(clone):
    (clone / "runs/demo").mkdir(parents=True)
    before = set(clone.iterdir())
    assert make(clone, "clean").returncode == 0
    assert before - set(clone.iterdir()) == {clone / "runs"}
