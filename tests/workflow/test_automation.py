"""What runs by itself: the workflow of GitHub and the hooks of pre-commit, as far as files say."""

import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_github_runs_the_two_commands_from_the_oldest_python_on():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    job = workflow["jobs"]["demo-and-tests"]
    commands = [step.get("run", "") for step in job["steps"]]
    assert [line for line in commands if line.startswith("make")] == [
        "make demo PYTHON=python",
        "make test PYTHON=python",
    ]
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert f">={job['strategy']['matrix']['python'][0]}" == needed


def test_github_runs_the_quick_tests_on_the_python_of_the_images():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    job = workflow["jobs"]["debian"]
    assert f"FROM {job['container']}\n" in (ROOT / "envs/Dockerfile").read_text()
    assert job["steps"][-1]["run"] == "make test-fast"


def test_the_commands_of_the_hooks_are_installed():
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in local["hooks"]:
        command = Path(hook["entry"].split()[0])
        assert command.parent == Path(".venv/bin")
        assert (Path(sys.prefix) / "bin" / command.name).exists()
