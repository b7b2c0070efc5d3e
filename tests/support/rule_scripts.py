"""Running a rule's script as Snakemake does: with the job's parts, in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lionrank.jobs.repository import named

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
_RUN = """
import json, os, resource, runpy, sys, types
job, script, largest = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
if largest:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
for part in {"input", "params", "wildcards"} & job.keys():
    job[part] = types.SimpleNamespace(**job[part])
job["scriptdir"] = os.path.dirname(script)
runpy.run_path(script, init_globals={"snakemake": types.SimpleNamespace(**job)})
"""


class Finished(NamedTuple):
    """How a script ended: exit status, its log, the log's last line, and what else it printed."""

    status: int
    log: str
    told: str
    printed: str


def of_repository(name: str) -> str:
    """Return the param by which a rule names a file of the repository to its script."""
    return named(ROOT, name)


def run_script(
    name: str,
    job: Mapping[str, Any],
    folder: Path,
    environment: Mapping[str, str],
    largest: int = 0,
) -> Finished:
    """Run workflow/scripts/`name` to its end, in `folder`; `environment` is its whole environment.

    `job` has what the script reads from `snakemake`, as JSON can hold it: `output` is a list, and
    `input`, `params` and `wildcards` are mappings. Its log is script.log in `folder`. No file
    may become larger than `largest` bytes, unless that is 0.
    """
    log = folder / "script.log"
    finished = subprocess.run(
        [
            *(sys.executable, "-c", _RUN, json.dumps({"log": [str(log)], **job})),
            *(SCRIPTS / name, str(largest)),
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert log.exists(), finished.stderr
    text = log.read_text()
    last = (text.splitlines() or [""])[-1]
    return Finished(finished.returncode, text, last, finished.stdout + finished.stderr)
