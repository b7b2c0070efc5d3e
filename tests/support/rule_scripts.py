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
PARTS = """
import json, os, resource, runpy, sys, types
from lionrank.jobs import records

class Named(types.SimpleNamespace):
    def __getitem__(self, name):
        return vars(self)[name] if isinstance(name, str) else [*self][name]

    def get(self, name, default=None):
        return vars(self).get(name, default)

    def items(self):
        return vars(self).items()

    def __iter__(self):
        for part in vars(self).values():
            yield from [part] if isinstance(part, str) else part

def vouch(inputs):
    made_up = [path for path in inputs if os.path.exists(path) and is_made_up(path)]
    records.write(made_up, "of_the_test", {}, {})

def is_made_up(path):
    inside = os.path.relpath(path)
    record = records.read(inside)
    return inside.split(os.sep)[0] in records.MADE and (
        record is None or record["rule"] == "of_the_test"
    )
"""
"""A job's parts as Snakemake gives them, and records of the inputs that a test made up."""

_RUN = (
    PARTS
    + """
job, script, largest = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
if largest:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
for part in ("input", "params", "wildcards", "resources"):
    job[part] = Named(**job.get(part, {}))
if isinstance(job["output"], dict):
    job["output"] = Named(**job["output"])
vouch(job["input"])
job["rule"] = os.path.splitext(os.path.basename(script))[0]
job["scriptdir"] = os.path.dirname(script)
runpy.run_path(script, init_globals={"snakemake": types.SimpleNamespace(**job)})
"""
)


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

    `job` has what the script reads from `snakemake`, as JSON can hold it: `output` is a list or a
    mapping, and `input`, `params`, `resources` and `wildcards` are mappings. Its log is script.log
    in `folder`.
    No file may become larger than `largest` bytes, unless that is 0.
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
