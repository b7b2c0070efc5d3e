"""What is said of GPUs before the first download, and before the first job on one."""

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.slow

SNAKEFILE = """
    from lionrank.jobs import beforehand

    onstart:
        beforehand.check_gpus({"gpus": config.get("gpus", 1)}, workflow)

    rule fetch:
        output:
            "source",
        shell:
            "touch {output}"

    rule train:
        input:
            "source",
        output:
            "trained",
        resources:
            gpu=1,
        shell:
            "touch {output}"

    rule count:
        output:
            "counted",
        shell:
            "touch {output}"
"""


@pytest.fixture
def snakemake(tmp_path, monkeypatch):
    """Run it for one target, and return its exit status and what it said of GPUs."""
    (tmp_path / "Snakefile").write_text(textwrap.dedent(SNAKEFILE))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "1", *arguments],
            cwd=tmp_path,
            text=True,
            capture_output=True,
        )
        return done.returncode, done.stderr

    return run


def test_where_no_job_computes_on_a_gpu_yet_downloads_go_on_and_say_what_was_checked(
    snakemake, tmp_path
):
    status, told = snakemake("source")
    assert (status, (tmp_path / "source").exists()) == (0, True)
    (line,) = [line for line in told.splitlines() if line.startswith("GPUs: ")]
    assert line.startswith("GPUs: checked: torch ")
    assert "not checked: driver and GPUs where jobs will run" in line


def test_a_job_on_a_gpu_that_is_not_there_stops_all_before_the_first_download(snakemake, tmp_path):
    status, told = snakemake("trained")
    assert status != 0
    assert "set hardware.gpus to 0" in told or "0 computes on the CPU" in told
    assert not (tmp_path / "source").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("counted",),
        ("trained", "--config", "gpus=0"),
        ("trained", "--touch"),
        ("trained", "--dry-run"),
    ],
)
def test_nothing_is_checked_where_no_gpu_will_be_wanted(snakemake, arguments):
    status, told = snakemake(*arguments)
    assert (status, "GPUs: " in told) == (0, False)
