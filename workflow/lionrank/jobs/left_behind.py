"""Jobs in Slurm of a Snakemake that was killed, and so does not wait for them any more."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from lionrank.errors import UserError

LOGS = Path(".snakemake", "slurm_logs")
"""Where Snakemake's executor has Slurm write what its jobs say, in an experiment's directory."""

SECONDS = 10
"""Between two questions to the controller."""


def running(directory: Path) -> dict[str, str]:
    """Return the jobs of an experiment that have not ended: rule and wildcards by Slurm's number.

    None without a question, where there has been no job of it or there is no Slurm.

    Raises:
        UserError: Slurm does not answer.
    """
    logs = directory.absolute() / LOGS
    if not logs.exists() or not shutil.which("squeue"):
        return {}
    asked = ["squeue", "--me", "--noheader", "--Format=JobID:20,STDOUT:1000,Comment:500"]
    done = subprocess.run(asked, capture_output=True, text=True)
    if done.returncode:
        raise UserError(
            f"{logs} is of jobs that may still run, and Slurm does not tell "
            f"({done.stderr.strip()}): run this where squeue works, or delete the folder if it "
            "works nowhere any more."
        )
    line = re.compile(rf"(\d\S*) +{re.escape(str(logs))}/\S+ +rule_(.*\S) *")
    found = map(line.fullmatch, done.stdout.splitlines())
    return {match[1]: match[2].replace("_wildcards_", " ") for match in found if match}


def wait_for(jobs: Mapping[str, str], directory: Path) -> None:
    """Wait until these jobs of an experiment have ended, and say so.

    Raises:
        UserError: Slurm does not answer.
    """
    print(
        "Slurm runs jobs of a Snakemake that was killed:",
        *(f"    {number}: {made}" for number, made in jobs.items()),
        f"Waiting for them. To stop them instead: scancel {' '.join(jobs)} (a training keeps its "
        "state, and goes on from there).",
        sep="\n",
        file=sys.stderr,
    )
    while jobs.keys() & running(directory).keys():
        time.sleep(SECONDS)
