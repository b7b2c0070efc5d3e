"""The experiment in one container with A100s at modal.com: `modal run workflow/modal_app.py`.

Untested against the service; what is tested without it, and how to call this, is in
docs/engines.md. The container runs the same Snakemake command as a workstation does, and its
working directory is a volume, so that an attempt resumes where the one before was stopped.
"""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import modal

REPOSITORY = "/lion-rerank"
EXPERIMENT = "/experiment"
CACHE = "/cache"
ROOT = Path(__file__).parents[1] if modal.is_local() else Path(REPOSITORY)

# What the largest training asks for in profiles/a100: a GPU, cores, and memory in MiB.
GPU, CORES, MEMORY = "A100-80GB", 8, 40000


def not_uploaded(gitignore: Path) -> list[str]:
    """Return the patterns of a .gitignore in Docker's syntax, in which none holds at any depth."""
    lines = [line for line in gitignore.read_text().splitlines() if line and line[0] != "#"]
    return [line if "/" in line.rstrip("/") else f"**/{line}" for line in lines]


image = (
    modal.Image.from_dockerfile(ROOT / "envs" / "Dockerfile", context_dir=ROOT)
    .add_local_dir(ROOT, REPOSITORY, copy=True, ignore=not_uploaded(ROOT / ".gitignore"))
    # Neither links to folders nor empty folders are uploaded, and the paper names its commit.
    .run_commands(
        f"cd {REPOSITORY} && if [ -d .git ]; then git init --quiet && "
        "git ls-files -z --deleted | git checkout-index -z --stdin; fi"
    )
    .env({"XDG_CACHE_HOME": CACHE})
)
experiment = modal.Volume.from_name("lion-rerank", create_if_missing=True)
cache = modal.Volume.from_name("lion-rerank-cache", create_if_missing=True)
app = modal.App("lion-rerank")


def command(arguments: str, gpus: int) -> list[str]:
    """Return the Snakemake command, with the arguments of the user last."""
    return [
        *(sys.executable, "-m", "snakemake"),
        *("--profile", "profiles/local"),
        *("--resources", f"gpu={gpus}"),
        *("--cores", str(CORES * max(gpus, 1))),
        *("--directory", EXPERIMENT),
        *shlex.split(arguments),
    ]


def run(snakemake: list[str], attempt: Path) -> int:
    """Run Snakemake and return its exit status; an interrupt is passed on and waited for.

    Args:
        snakemake: the command.
        attempt: a file that the first attempt of a call leaves for those after it.
    """
    if attempt.exists():
        # Modal has ended the attempt before this one, so the lock that it left guards nothing.
        subprocess.run([*snakemake, "--unlock"], cwd=ROOT, check=True)
    attempt.parent.mkdir(parents=True, exist_ok=True)
    attempt.touch()
    with subprocess.Popen(snakemake, cwd=ROOT, start_new_session=True) as process:
        try:
            return process.wait()
        except BaseException:
            # Like Ctrl-C at a terminal: the jobs are told, too, and trainings keep their state.
            os.killpg(process.pid, signal.SIGINT)
            process.wait()
            raise


@app.function(
    image=image,
    volumes={EXPERIMENT: experiment, CACHE: cache},
    timeout=24 * 60 * 60,  # seconds of an attempt; Modal allows no more
    retries=modal.Retries(max_retries=10, backoff_coefficient=1.0),
    max_containers=1,
    single_use_containers=True,
)
def build(arguments: str, gpus: int) -> int:
    """Run Snakemake in a container and return its exit status.

    A failure of Snakemake's is returned and not raised, as Modal would try that again, too.
    """
    attempt = Path(EXPERIMENT, ".modal", modal.current_function_call_id())
    status = run(command(arguments, gpus), attempt)
    experiment.commit()
    return status


@app.local_entrypoint()
def main(snakemake: str = "paper/main.pdf", gpus: int = 1) -> None:
    """Build with the arguments for Snakemake, one string, on so many GPUs of one machine."""
    share = max(gpus, 1)
    container = build.with_options(
        gpu=f"{GPU}:{gpus}" if gpus else None, cpu=CORES * share, memory=MEMORY * share
    )
    # With `remote`, it would be this process that tries again, and `--detach` does without it.
    if status := container.spawn(snakemake, gpus).get():
        sys.exit(status)
