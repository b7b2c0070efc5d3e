"""Records of what a test made up, as the jobs would have written them."""

import os
import subprocess
from collections.abc import Sequence

from tests.support.running import ROOT

_VOUCH = """
import os, sys
from lionrank.jobs import records, unchanged
from snakemake.cli import main

def vouch(workflow):
    for job in workflow.dag.jobs:
        if not workflow.dag.needrun(job):
            there = [path for path in job.output if os.path.exists(path)]
            records.write(there, job.rule.name, {}, dict(job.params.items()))
    raise SystemExit

unchanged.settle = vouch
main(sys.argv[1:])
"""
"""Ends before the first job."""


def vouch(command: Sequence[str | os.PathLike]) -> None:
    """Write the records of the made-up files that a `snakemake` command has nothing to do for.

    There has to be something that it would make of them.
    """
    python, _, _, *arguments = command
    subprocess.run([python, "-c", _VOUCH, *arguments], cwd=ROOT, check=False)
