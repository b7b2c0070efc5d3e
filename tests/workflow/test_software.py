"""What gives jobs their software: the conda environment, the container recipes, and their use."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from snakemake.common import get_snakemake_searchpaths

from lionrank.java import MINIMUM_JAVA
from tests.support.running import ROOT
from tests.support.workflow import parsed

DOCKER, APPTAINER = RECIPES = [ROOT / "envs" / name for name in ("Dockerfile", "lionrank.def")]
ENVIRONMENT = yaml.safe_load((ROOT / "envs" / "lionrank.yaml").read_text())
CONDA = dict(pin.split("=") for pin in ENVIRONMENT["dependencies"] if "=" in pin)
APT = re.findall(r"^[a-z0-9-]+", (ROOT / "envs" / "apt.txt").read_text(), re.MULTILINE)
PYTHON_OF_DEBIAN = {"bookworm": "3.11", "trixie": "3.13"}

each_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)


def lines(recipe):
    """Return the lines of a recipe without comments, those that go on joined."""
    text = recipe.read_text().replace("\\\n", "")
    return [line.strip() for line in text.splitlines() if not line.lstrip().startswith("#")]


def after(keyword, recipe):
    """Return the rest of each line that begins with this keyword."""
    return [
        line.removeprefix(keyword).strip() for line in lines(recipe) if line.startswith(keyword)
    ]


def copied(recipe):
    """Return the files of the repository that a recipe copies into its image."""
    if recipe == DOCKER:
        return {name for entry in after("COPY", recipe) for name in entry.split()[:-1]}
    section = recipe.read_text().split("%files\n")[1].split("\n\n")[0]
    # Apptainer takes one file a line.
    return {name for name, _ in map(str.split, section.splitlines())}


def steps(recipe):
    """Return the commands with which a recipe builds its image."""
    if recipe == DOCKER:
        return after("RUN ", recipe)
    text = lines(recipe)
    begin = text.index("%post") + 1
    return text[begin : text.index("%environment")]


def unpack(recipe, folder):
    """Copy into a folder what a recipe copies into its image."""
    for name in copied(recipe):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())


# Containers


@each_recipe
def test_an_image_is_installed_as_a_clone_is_from_what_the_recipe_copies(recipe, tmp_path):
    unpack(recipe, tmp_path)
    planned = subprocess.run(
        ["make", "--dry-run", "install"], cwd=tmp_path, text=True, capture_output=True
    )
    assert planned.returncode == 0, planned.stderr
    assert "install --use-pep517 --requirement envs/lock.txt" in planned.stdout


def bare_debian(machine):
    """Write the commands of a machine without TeX, for root; apt-get and make note their calls."""
    machine.mkdir()
    for tool in ["sh", "dirname", "sed", "xargs", "echo", "ln"]:
        (machine / tool).symlink_to(shutil.which(tool))
    note = f'echo "${{0##*/}} $*" >> {machine}/../called'
    whole = f"for tool in latexmk kpsewhich; do ln -sf {shutil.which('true')} {machine}/$tool; done"
    for tool, does in {
        "id": "echo 0",
        "python3": "exit 0",
        "apt-get": f'{note}; case "$*" in *latexmk*) {whole};; esac',
        "make": note,
        "rm": "exit 0",
    }.items():
        (machine / tool).write_text(f"#!/bin/sh\n{does}\n")
        (machine / tool).chmod(0o755)


@each_recipe
def test_an_image_gets_git_make_the_apt_list_and_the_locked_packages_and_nothing_else(
    recipe, tmp_path
):
    image = tmp_path / "opt" / "lion-rerank"
    image.mkdir(parents=True)
    unpack(recipe, image)
    bare_debian(tmp_path / "bin")
    # What a recipe calls besides is not found there, and would end its building.
    script = "\n".join(["set -e", *steps(recipe)]).replace("/opt/lion-rerank", str(image))
    built = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=image,
        env={"PATH": str(tmp_path / "bin")},
        text=True,
        capture_output=True,
    )
    assert built.returncode == 0, built.stderr
    install = ["apt-get", "install", "-y", "--no-install-recommends"]
    assert [line.split() for line in (tmp_path / "called").read_text().splitlines()] == [
        ["apt-get", "update"],
        [*install, *APT],
        [*install, "git", "make"],
        ["make", "install"],
    ]


def test_both_images_have_the_same_base_and_the_python_of_the_conda_environment():
    (docker,), (apptainer,) = after("FROM ", DOCKER), after("From: ", APPTAINER)
    assert docker == apptainer
    release = docker.removeprefix("debian:").removesuffix("-slim")
    assert CONDA["python"] == PYTHON_OF_DEBIAN[release]


def test_both_images_put_the_same_folders_on_the_path():
    (docker,), (apptainer,) = after("ENV PATH=", DOCKER), after("export PATH=", APPTAINER)
    assert docker.split()[0] == apptainer
    assert apptainer.endswith("/.venv/bin:$PATH")


def test_what_docker_is_sent_is_what_its_recipe_copies():
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line.removeprefix("!") for line in sent if line.startswith("!")}
    assert sent[0] == "*"
    assert {name.split("/")[0] for name in copied(DOCKER)} == kept


# Conda


def test_python_and_java_of_the_conda_environment_are_ones_that_the_project_runs_on():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert CONDA["python"] in SpecifierSet(project["requires-python"])
    assert int(CONDA["openjdk"]) >= MINIMUM_JAVA


def test_the_conda_environment_names_its_channel_and_has_pip_for_all_else():
    assert ENVIRONMENT["channels"] == ["conda-forge", "nodefaults"]
    assert set(CONDA) | {"pip"} == {"python", "openjdk", "pip"}


# How rules use them


def test_every_rule_with_a_script_declares_the_environment_and_has_the_image():
    rules = [
        rule for rule in parsed("--software-deployment-method", "apptainer").rules if rule.script
    ]
    assert len(rules) > 50
    for rule in rules:
        environment = Path(os.fspath(rule.snakefile)).parent / rule.conda_env
        assert environment.resolve() == ROOT / "envs" / "lionrank.yaml", rule.name
        assert rule.container_img == f"{ROOT}/envs/lionrank.sif"


def test_a_python_in_which_the_project_is_not_installed_finds_it_where_snakemake_does():
    # Snakemake appends these folders to the path of every script, whatever Python runs it.
    handed_on = [path for path in get_snakemake_searchpaths() if "site-packages" not in path]
    told = f"import sys; sys.path.extend({handed_on!r}); import lionrank; print(lionrank.__file__)"
    found = subprocess.run([sys.executable, "-I", "-S", "-c", told], text=True, capture_output=True)
    assert found.stdout.strip() == str(ROOT / "workflow" / "lionrank" / "__init__.py")


@pytest.mark.slow
def test_the_processes_of_a_training_find_the_project_as_its_job_does(tmp_path):
    venv.create(tmp_path)
    (packages,) = tmp_path.glob("lib/python*/site-packages")
    # A .pth file there is not read from here: the packages are found, the editable project is not.
    (packages / "locked.pth").write_text(sysconfig.get_path("purelib"))
    # Without a request every process starts, and then lacks the arguments of a training.
    path = str(ROOT / "workflow")
    job = f"import sys; sys.path.append({path!r}); from lionrank.training import launch; "
    told = subprocess.run(
        [
            tmp_path / "bin/python",
            "-c",
            job + "launch.train_with_processes(1, gpus=0, threads=1, checkpoint='e1')",
        ],
        text=True,
        capture_output=True,
    )
    assert "TypeError: train_epoch() missing" in told.stderr, told.stderr


def test_a_job_in_apptainer_has_the_image_and_the_code_of_this_clone(tmp_path):
    # Stands in for Apptainer, which few machines have: it notes what it is asked for, and fails.
    apptainer = tmp_path / "bin" / "apptainer"
    apptainer.parent.mkdir()
    apptainer.write_text(
        '#!/bin/sh\n[ "$1" != --version ] || exec echo apptainer version 1.3.0\n'
        f'printf "%s\\n" "$@" > {tmp_path}/asked; exit 1\n'
    )
    apptainer.chmod(0o755)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--directory", tmp_path / "run", "--cores", "1"),
            *("--software-deployment-method", "apptainer", "--apptainer-args=--nv"),
            *("--", "audit.md"),
        ],
        cwd=ROOT,
        env=os.environ | {"PATH": f"{apptainer.parent}:{os.environ['PATH']}"},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 1
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:1] == ["exec"]
    assert {"--nv", str(ROOT / "envs" / "lionrank.sif")} < set(asked)
    bound = [path.split(":")[0] for path in asked if ":/mnt/snakemake_searchpaths/" in path]
    assert str(ROOT / "workflow") in bound
