"""Choices of a search that are made anew, which comes before all that hangs on them.

Snakemake plans beforehand, and takes what is to be made again for changed: it would train with a
choice anew also where more trials, or other code, come to the same settings.
"""

import os
import sys
from itertools import takewhile
from typing import Any

from lionrank.jobs.left_behind import begin_again

RULE = "choose_settings"
NO_FURTHER = f"--until={RULE}"
"""An argument with which Snakemake goes no further than to the choices."""
STAGE = "LIONRANK_CHOICES"
"""Set for the Snakemake that goes no further, and for the one that follows it."""
MAKING, MADE = "making", "made"


def make_first(workflow: Any) -> None:
    """Make choices that are there already, and are to be made anew, before anything else.

    For `onstart`, which no dry run reaches: this process becomes a Snakemake that goes no further.
    Without such a choice, nothing happens, nor where one or a trial of it is forced: the Snakemake
    that follows would be forced to make it once more.

    Args:
        workflow: the object of this name in a Snakefile.
    """
    if STAGE in os.environ or workflow.touch:
        return
    dag = workflow.dag
    anew = [
        job
        for job in dag.needrun_jobs()
        if job.rule.name == RULE and any(map(os.path.exists, job.output))
    ]
    if not anew or any(dag.reason(job).forced for job in dag.bfs(dag.dependencies, *anew)):
        return
    print(
        f"{len(anew)} choices of settings are made anew, {anew[0].output[0]} first; only "
        "trainings whose settings change are then done again.",
        file=sys.stderr,
    )
    os.environ[STAGE] = MAKING
    # Behind --, all are targets.
    options = [*takewhile("--".__ne__, sys.orig_argv)]
    begin_again(workflow, [*options, NO_FURTHER, *sys.orig_argv[len(options) :]])


def go_on(workflow: Any) -> None:
    """Plan all that was asked for once the choices are made.

    For `onsuccess`. In any other Snakemake, nothing happens.
    """
    if os.environ.get(STAGE) == MAKING:
        os.environ[STAGE] = MADE
        place = sys.orig_argv.index(NO_FURTHER)
        begin_again(workflow, [*sys.orig_argv[:place], *sys.orig_argv[place + 1 :]])
