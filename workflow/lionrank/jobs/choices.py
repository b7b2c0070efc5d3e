"""Choices of a search that are made anew, which comes before all that hangs on them.

Snakemake plans beforehand, and takes what is to be made again for changed: it would train with a
choice anew also where more trials, or other code, come to the same settings.
"""

import os
import sys
from typing import Any

from lionrank.jobs.left_behind import begin_again

RULE = "choose_settings"
FIRST = ("--until", RULE)
"""Arguments with which Snakemake goes no further than to the choices."""
STAGE = "LIONRANK_CHOICES"
"""Set for the Snakemake that goes no further, and for the one that follows it."""
MAKING, MADE = "making", "made"


def make_first(workflow: Any) -> None:
    """Make choices that are there already, and are to be made anew, before anything else.

    For `onstart`, which no dry run reaches: this process becomes a Snakemake that goes no further.
    Without such a choice, nothing happens.

    Args:
        workflow: the object of this name in a Snakefile.
    """
    if STAGE in os.environ or workflow.touch:
        return
    anew = [
        job
        for job in workflow.dag.needrun_jobs()
        if job.rule.name == RULE and any(map(os.path.exists, job.output))
    ]
    if anew:
        print(
            f"{len(anew)} choices of settings are made anew, {anew[0].output[0]} first; only "
            "trainings whose settings change are then done again.",
            file=sys.stderr,
        )
        os.environ[STAGE] = MAKING
        begin_again(workflow, [*sys.orig_argv, *FIRST])


def go_on(workflow: Any) -> None:
    """Plan all that was asked for once the choices are made.

    For `onsuccess`. In any other Snakemake, nothing happens.
    """
    if os.environ.get(STAGE) == MAKING:
        os.environ[STAGE] = MADE
        begin_again(workflow, sys.orig_argv[: -len(FIRST)])
