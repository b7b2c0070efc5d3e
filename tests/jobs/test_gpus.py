"""A workstation's jobs, each on GPUs of its own, which need not be there to be locked."""

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
import uuid
from pathlib import Path

import pandas as pd
import psutil
import pytest

from lionrank.errors import UserError
from lionrank.jobs import gpus as gpu_locks
from tests.support import tiny_training as tiny
from tests.support.running import ROOT

JOB = """
import os, sys, time
from lionrank.jobs.gpus import reserve
assert "torch" not in sys.modules  # which might look for GPUs before it is told which
number, name, seconds = sys.argv[1:]
print(f"{reserve({'gpus': 1}, int(number), name)} reserved")
before = time.monotonic()
time.sleep(float(seconds))
print(os.environ["CUDA_VISIBLE_DEVICES"], before, time.monotonic())
"""

# The rules' names, threads and resources are the workflow's own; what they compute takes no GPU.
SNAKEFILE = """
    rule all:
        input:
            expand("results/{model}_e{epoch}", model=["minilm", "gte"], epoch=[1, 2]),

    rule train_epoch:
        input:
            lambda each: [f"checkpoints/{each.model}_e1"] if each.epoch == "2" else [],
        output:
            "checkpoints/{model}_e{epoch}",
        threads: 8
        resources:
            gpu=1,
        script:
            "job.py"

    rule rerank:
        input:
            "checkpoints/{checkpoint}",
        output:
            "results/{checkpoint}",
        threads: 8
        resources:
            gpu=1,
        script:
            "job.py"
"""
SCRIPT = """
    import os, time
    from pathlib import Path
    from lionrank.jobs.gpus import reserve

    reserve({"gpus": 1}, snakemake.resources.gpu, snakemake.output[0])
    begin = time.monotonic()
    time.sleep(2)
    told = f"{snakemake.rule} {os.environ['CUDA_VISIBLE_DEVICES']} {begin} {time.monotonic()}"
    Path(snakemake.output[0]).write_text(told)
"""


@pytest.fixture
def gpus(monkeypatch):
    """Three GPUs that no other test knows, and that need not be there to be locked."""
    names = [f"GPU-{uuid.uuid4()}" for _ in range(3)]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(names))
    yield names
    for name in names:
        lock_of(name).unlink(missing_ok=True)


def lock_of(gpu):
    return gpu_locks.LOCKS / f"lionrank-{os.getuid()}" / f"{gpu}.lock"


def start(number, name="results/one.trec", seconds=0.0, **environment):
    return subprocess.Popen(
        [sys.executable, "-u", "-c", JOB, str(number), name, str(seconds)],
        text=True,
        stdout=subprocess.PIPE,
        env=os.environ | environment,
    )


def spent(job):
    """Wait for a job's end and return its GPUs, and when it had them."""
    told, _ = job.communicate(timeout=60)
    visible, begin, end = told.splitlines()[-1].split()
    return visible.split(","), float(begin), float(end)


def assert_never_shared(stays):
    """Check rows of GPU, begin and end: nobody begins on a GPU before the one before has ended."""
    for _, own in pd.DataFrame(stays, columns=["gpu", "begin", "end"]).groupby("gpu"):
        own = own.sort_values("begin")
        assert (own["begin"].to_numpy()[1:] >= own["end"].to_numpy()[:-1]).all()


def test_many_jobs_use_all_gpus_and_no_two_use_the_same(gpus):
    jobs = [start(number, seconds=0.5) for number in (1, 1, 2, 1, 1, 2, 1, 1)]
    done = [spent(job) for job in jobs]
    assert sorted(len(names) for names, *_ in done) == [1, 1, 1, 1, 1, 1, 2, 2]
    stays = [(name, *times) for names, *times in done for name in names]
    assert {name for name, *_ in stays} == set(gpus)
    assert_never_shared(stays)


def test_a_job_that_waits_is_told_who_has_the_gpus_and_goes_on_once_one_is_killed(gpus):
    holder = start(3, "checkpoints/minilm_lion_e1", seconds=600)
    assert holder.stdout.readline() == "3 reserved\n"
    waiting = start(2)
    uses = [f"{gpu} is used by process {holder.pid} (checkpoints/minilm_lion_e1)" for gpu in gpus]
    assert waiting.stdout.readline() == f"Waiting for 2 GPUs: {', '.join(uses)}.\n"
    holder.send_signal(signal.SIGKILL)
    assert waiting.stdout.readline() == "2 reserved\n"
    assert spent(waiting)[0] == gpus[:2]
    holder.communicate()


def test_a_job_that_needs_two_keeps_none_of_them_while_it_waits(gpus):
    first = start(2, seconds=600)
    assert first.stdout.readline() == "2 reserved\n"
    second = start(2)
    assert second.stdout.readline().startswith(f"Waiting for 2 GPUs: {gpus[0]} is used by process")
    third = start(1)
    assert spent(third)[0] == gpus[2:]
    first.kill()
    assert len(spent(second)[0]) == 2
    first.communicate()


def test_an_experiment_that_may_use_some_gpus_only_takes_no_other(gpus):
    holder = start(1, seconds=600, CUDA_VISIBLE_DEVICES=gpus[1])
    assert holder.stdout.readline() == "1 reserved\n"
    other = start(1, CUDA_VISIBLE_DEVICES=f"{gpus[1]}, {gpus[2]}")
    assert spent(other)[0] == [gpus[2]]
    holder.kill()
    holder.communicate()


@pytest.mark.parametrize("visible", ["GPU-a,GPU-b", "GPU-a,GPU-b,GPU-a", "GPU-a,GPU-b,-1,GPU-c"])
def test_more_gpus_than_there_are_is_a_mistake_at_once(monkeypatch, visible):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    told = f"the job needs 3 GPUs .* may use 2, says CUDA_VISIBLE_DEVICES={visible}: run where"
    with pytest.raises(UserError, match=told):
        gpu_locks.reserve({"gpus": 3}, 3, "checkpoints/minilm_lion_e1")


@pytest.mark.parametrize("visible", ["", "-1", "-1,0"])
def test_hidden_gpus_are_said_to_be_hidden(monkeypatch, visible):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    told = f"may use none, says CUDA_VISIBLE_DEVICES={visible}, which hides all: run where"
    with pytest.raises(UserError, match=told):
        gpu_locks.reserve({"gpus": 1}, 1, "results/one.trec")


@pytest.mark.skipif(Path("/proc/driver/nvidia").exists(), reason="there is a GPU")
def test_where_there_is_no_driver_it_says_so_and_what_to_do(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(UserError, match=r"needs a GPU .* use none, says NVML \(.*; 0 computes on"):
        gpu_locks.reserve({"gpus": 1}, 1, "results/one.trec")


def test_a_config_without_gpus_computes_on_the_cpu_whatever_a_profile_allocates(gpus):
    assert gpu_locks.reserve({"gpus": 0}, 1, "results/one.trec") == 0
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ",".join(gpus)
    assert not any(lock_of(gpu).exists() for gpu in gpus)


def test_a_config_with_gpus_does_not_compute_on_the_cpu_by_accident(gpus):
    with pytest.raises(UserError, match=r"hardware\.gpus is 2 and the job was given no GPU"):
        gpu_locks.reserve({"gpus": 2}, 0, "results/one.trec")


def test_a_gpu_has_one_lock_by_whatever_name_it_is_called():
    present = ["GPU-1f00", "GPU-2e11"]
    names = ["1", "GPU-2e11", "GPU-2", "MIG-77aa", "2"]
    found = [gpu_locks.uuid_of(name, present) for name in names]
    assert found == ["GPU-2e11", "GPU-2e11", "GPU-2e11", "MIG-77aa", "2"]


@pytest.fixture
def locks(monkeypatch, tmp_path):
    """Where the locks of this user on three GPUs are to be, in place of /tmp."""
    monkeypatch.setattr(gpu_locks, "LOCKS", tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b,GPU-c")
    return tmp_path / f"lionrank-{os.getuid()}"


def test_no_other_user_can_open_what_a_job_locks(locks):
    before = os.umask(0)
    try:
        gpu_locks.reserve({"gpus": 3}, 3, "results/one.trec")
    finally:
        os.umask(before)
    assert stat.S_IMODE(locks.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in locks.iterdir()} == {0o600}


def open_to_all(folder):
    folder.mkdir()
    folder.chmod(0o777)


def of_another_user(folder):
    folder.mkdir(mode=0o700)
    try:
        os.chown(folder, 12345, -1)
    except PermissionError:
        pytest.skip("needs root")


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (open_to_all, "is open to other users"),
        (of_another_user, r"belongs to another user \(number 12345\)"),
        (lambda folder: folder.symlink_to(folder.parent), "is no folder"),
        (lambda folder: folder.write_text(""), "is no folder"),
        (lambda folder: os.mkfifo(folder), "is no folder"),
        (lambda folder: folder.parent.rmdir(), r"could not be made \(No such file"),
    ],
)
def test_locks_that_others_may_have_laid_out_are_not_used(locks, prepare, reason):
    prepare(locks)
    with pytest.raises(UserError, match=rf"{locks}, which .* {reason}.*: .* its owner or root"):
        gpu_locks.reserve({"gpus": 1}, 1, "results/one.trec")


def test_a_lock_that_is_a_link_is_not_followed(locks, tmp_path):
    target = tmp_path / "precious"
    target.write_text("precious")
    locks.mkdir(mode=0o700)
    (locks / "GPU-a.lock").symlink_to(target)
    with pytest.raises(UserError, match=r"GPU-a\.lock, which .* for its owner or root"):
        gpu_locks.reserve({"gpus": 1}, 1, "results/one.trec")
    assert target.read_text() == "precious"


def test_a_lock_whose_job_was_killed_is_free_whatever_it_says(locks):
    locks.mkdir(mode=0o700)
    for gpu in ("GPU-a", "GPU-b", "GPU-c"):
        (locks / f"{gpu}.lock").write_bytes(b"process 1 (\x1b[2J\xff)")
    assert gpu_locks.reserve({"gpus": 3}, 3, "results/one.trec") == 3


def test_what_a_holder_wrote_cannot_steer_the_terminal_of_those_who_wait(gpus):
    holder = start(3, "results/\x1b[2Jone\n.trec", seconds=600)
    assert holder.stdout.readline() == "3 reserved\n"
    waiting = start(1)
    told = waiting.stdout.readline()
    assert told.count(f"is used by process {holder.pid} (results/?[2Jone?.trec)") == 3
    for job in (holder, waiting):
        job.kill()
        job.communicate()


def reserve_and_train(gpus, task, output):
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    gpu_locks.reserve({"gpus": 2}, 2, task["checkpoint"])
    tiny._work(task, output, 2)


@pytest.mark.slow
def test_killing_the_job_of_two_processes_ends_both_before_their_gpus_are_free(gpus, tmp_path):
    data = tiny.write_data(tmp_path, queries=2000)
    first = tiny.write_start(tmp_path / "e0", "bert")
    task = tiny.request(first, data, 1, tmp_path / "killed")
    output = str(tmp_path / "output")
    job = multiprocessing.Process(target=reserve_and_train, args=(gpus, task, output))
    job.start()
    live = tiny.state_folder(task) / "log.jsonl"
    while not (live.exists() and len(tiny.lines(live)) >= 3):
        assert job.is_alive()
        time.sleep(0.01)
    processes = psutil.Process(job.pid).children(recursive=True)
    assert len(processes) >= 3  # torchrun and two trainings
    job.kill()
    job.join()
    spent(start(3))
    alive = [each for each in processes if each.is_running()]
    assert all(each.status() == psutil.STATUS_ZOMBIE for each in alive)
    assert list(tiny.state_folder(task).glob("step-*"))


@pytest.mark.slow
def test_as_many_jobs_run_as_there_are_gpus_each_on_its_own_and_trainings_first(gpus, tmp_path):
    (tmp_path / "Snakefile").write_text(textwrap.dedent(SNAKEFILE))
    (tmp_path / "job.py").write_text(textwrap.dedent(SCRIPT))
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "all", "--cores", "8"),
            *("--profile", ROOT / "profiles" / "local", "--resources", "gpu=2"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    rows = [path.read_text().split() for path in tmp_path.glob("*/*_e[12]")]
    jobs = pd.DataFrame(rows, columns=["rule", "gpu", "begin", "end"])
    jobs = jobs.astype({"begin": float, "end": float})
    assert len(jobs) == 8
    assert_never_shared(jobs[["gpu", "begin", "end"]])
    at_once = [((jobs["begin"] <= at) & (at < jobs["end"])).sum() for at in jobs["begin"]]
    # Of the three that CUDA_VISIBLE_DEVICES names; 8 threads a job would let one run at a time.
    assert max(at_once) == 2
    assert at_once.count(2) >= 3, jobs.sort_values("begin").to_string()
    begins = jobs.groupby("rule")["begin"]
    assert begins.max()["train_epoch"] < begins.min()["rerank"]


def test_the_workflow_itself_takes_the_profile(tmp_path):
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "run_files", "-n", "--directory", tmp_path),
            *("--profile", ROOT / "profiles" / "local", "--resources", "gpu=2"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    told = finished.stdout + finished.stderr
    assert finished.returncode == 0, told
    assert "Training minilm_lion, epoch 1 (2 threads, 16000 MB, gpu=1" in told
