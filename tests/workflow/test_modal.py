"""Running on Modal, as far as it can be seen without: what Modal is asked for, and what runs."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import modal_app
from lionrank.paper.provenance import git_state
from tests.support.modal_service import Service
from tests.support.running import ROOT, jobs, wait_for

IGNORED = [
    ".venv/bin/python",
    "runs/demo/results/bm25.trec",
    "workflow/lionrank/__pycache__/config.pyc",
    "workflow/lionrank.egg-info/PKG-INFO",
    "checkpoints/minilm_lion_e1/model.safetensors",
    "paper/main.pdf",
    "paper/.latex-main/main.log",
]


def modal_run(clone, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "modal", "run", "workflow/modal_app.py", *arguments],
        cwd=clone,
        env={"PATH": os.environ["PATH"], "HOME": str(clone.parent), **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


# What Modal is asked for


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone without changes, in which experiments have been run."""
    clone = tmp_path_factory.mktemp("modal") / "clone"
    for folder in ("envs", "profiles", "workflow"):
        shutil.copytree(ROOT / folder, clone / folder)
    for name in (".dockerignore", ".gitignore", "a100", "Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, clone / name, follow_symlinks=False)
    for path in IGNORED:
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        (clone / path).write_text("large")
    git = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    for command in (["init"], ["add", "."], ["commit", "-m", "All"], ["pack-refs", "--all"]):
        subprocess.run([*git, *command], cwd=clone, check=True, capture_output=True)
    return clone


@pytest.fixture(scope="module")
def service(clone):
    """Modal, after a call whose Snakemake ended with status 3; `call` is how `modal run` ended."""
    with Service(result=3) as service:
        service.call = modal_run(
            clone,
            *("--gpus", "4", "--snakemake", "-n paper/main.pdf"),
            MODAL_SERVER_URL=service.url,
            MODAL_TOKEN_ID="ak-1",
            MODAL_TOKEN_SECRET="as-1",
        )
    return service


def test_help_needs_no_account_and_names_the_options(clone):
    told = modal_run(clone, "--help").stdout
    assert "--gpus INTEGER" in told
    assert "--snakemake TEXT" in told


def test_the_arguments_reach_the_container_and_the_status_of_snakemake_comes_back(service):
    assert service.call.returncode == 3, service.call.stdout
    (call,) = service.asked["FunctionMap"]
    (item,) = call.pipelined_inputs
    assert pickle.loads(item.input.args) == (("-n paper/main.pdf", 4), {})


def test_the_container_has_the_a100s_asked_for_and_a_share_of_the_host_for_each(
    service,
):
    (bound,) = service.asked["FunctionBindParams"]
    resources = bound.function_options.resources
    assert (resources.gpu_config.gpu_type, resources.gpu_config.count) == ("A100-80GB", 4)
    assert (resources.milli_cpu, resources.memory_mb) == (4 * 8 * 1000, 4 * 40000)


def test_an_attempt_may_take_a_day_and_ten_more_follow_one_at_a_time(service):
    (created,) = service.asked["FunctionCreate"]
    function = created.function
    assert function.timeout_secs == 24 * 60 * 60
    assert function.retry_policy.retries == 10
    assert function.autoscaler_settings.max_containers == 1
    assert function.single_use_containers
    # Modal itself tries again, even when the user's machine is gone.
    (call,) = service.asked["FunctionMap"]
    assert "INVOCATION_TYPE_ASYNC" in str(call)


def test_working_directory_and_caches_outlive_the_container(service):
    (created,) = service.asked["FunctionCreate"]
    mounts = {mount.mount_path: mount.volume_id for mount in created.function.volume_mounts}
    assert mounts == {"/experiment": "vo-lion-rerank", "/cache": "vo-lion-rerank-cache"}
    assert "ENV XDG_CACHE_HOME=/cache" in layers(service)


def layers(service):
    """The lines of all Dockerfiles that make the image."""
    return [
        line
        for each in service.asked["ImageGetOrCreate"]
        for line in each.image.dockerfile_commands
    ]


def test_the_image_is_the_one_of_the_dockerfile_with_the_locked_packages(service, clone):
    first = service.asked["ImageGetOrCreate"][0].image
    assert list(first.dockerfile_commands) == (ROOT / "envs/Dockerfile").read_text().split("\n")
    number = int(first.context_mount_id.removeprefix("mo-"))
    sent = files(service, service.asked["MountGetOrCreate"][number - 1])
    assert sent["/envs/lock.txt"] == (ROOT / "envs/lock.txt").read_bytes()


def files(service, mount):
    """The content of the files of a mount, by path."""
    contents = service.uploaded()
    return {file.filename: contents[file.sha256_hex] for file in mount.files}


def test_the_container_has_the_clone_at_its_commit_and_nothing_that_git_ignores(
    service, clone, tmp_path
):
    copied = next(
        mount
        for mount in service.asked["MountGetOrCreate"]
        if any(file.filename.startswith("/lion-rerank/") for file in mount.files)
    )
    for path, content in files(service, copied).items():
        (tmp_path / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path[1:]).write_bytes(content)
    for file in copied.files:
        (tmp_path / file.filename[1:]).chmod(file.mode)
    container = tmp_path / "lion-rerank"
    assert not any((container / path).exists() for path in IGNORED)
    (restore,) = [line.removeprefix("RUN ") for line in layers(service) if "git init" in line]
    subprocess.run(["sh", "-c", restore.replace("/lion-rerank", str(container))], check=True)
    assert git_state(clone)["dirty"] is False
    assert git_state(container) == git_state(clone)
    assert (container / "a100").is_symlink()


# What runs in the container


@pytest.mark.parametrize(
    ("arguments", "gpus", "expected"),
    [
        ("-n results/modernbert_lion_e2.trec", 4, {"train_epoch": 2, "rerank": 1}),
        ("--configfile config/demo.yaml -n -- paper/main.pdf", 1, {"compile_paper": 1}),
        ("-n prefetch", 0, {"prefetch": 1}),
    ],
)
def test_the_command_is_one_that_snakemake_takes(tmp_path, monkeypatch, arguments, gpus, expected):
    monkeypatch.setattr(modal_app, "EXPERIMENT", str(tmp_path))
    done = subprocess.run(
        modal_app.command(arguments, gpus), cwd=ROOT, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert expected.items() <= jobs(done.stdout).items()


SNAKEFILE = """
rule train:
    output:
        "checkpoint",
    shell:
        '''
        trap "echo kept >> state; exit 1" INT
        if [ -e state ]; then touch checkpoint; else touch state; sleep 60 & wait; fi
        '''
"""
"""A job that begins a state when it is first run, and is done when it finds one."""


@pytest.fixture
def attempt(tmp_path):
    """Start an attempt of a call in a process of its own, as Modal starts a container."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    command = [*(sys.executable, "-m", "snakemake", "--cores", "1", "--rerun-incomplete")]
    command += ["--snakefile", str(tmp_path / "Snakefile"), "--directory", str(tmp_path)]

    def start(call="fc-1"):
        run = f"import sys, pathlib, modal_app; path = pathlib.Path({str(tmp_path / call)!r})"
        return subprocess.Popen(
            [sys.executable, "-c", f"{run}; sys.exit(modal_app.run({command!r}, path))"],
            stdout=(tmp_path / "told").open("w"),
            stderr=subprocess.STDOUT,
        )

    return start


@pytest.mark.slow
def test_an_interrupt_of_the_container_reaches_the_jobs_and_the_next_attempt_goes_on(
    tmp_path, attempt
):
    first = attempt()
    wait_for((tmp_path / "state").exists, 180)
    first.send_signal(signal.SIGINT)
    assert first.wait(180) != 0
    assert (tmp_path / "state").read_text() == "kept\n"
    assert attempt().wait(180) == 0
    assert (tmp_path / "checkpoint").exists()


@pytest.mark.slow
def test_the_lock_of_a_killed_attempt_keeps_out_another_call_and_not_the_next_attempt(
    tmp_path, attempt
):
    killed = attempt()
    wait_for((tmp_path / "state").exists, 180)
    for process in [*psutil.Process(killed.pid).children(recursive=True), killed]:
        process.kill()
    killed.wait()
    assert attempt("fc-2").wait(180) == 1
    assert "Directory cannot be locked" in Path(tmp_path / "told").read_text()
    assert attempt().wait(180) == 0, (tmp_path / "told").read_text()
    assert (tmp_path / "checkpoint").exists()
