"""What an experiment's records know better than its dates: copied, moved, synchronised, unpacked.

Snakemake makes again whatever is older than what it is made from, deletes it first, and takes what
it has no notes on for up to date.
"""

import os
import sys
from collections.abc import Iterable
from typing import Any

from lionrank.errors import UserError
from lionrank.jobs import records
from lionrank.jobs.left_behind import begin_again
from lionrank.wording import differences

SETTLED = "LIONRANK_SETTLED"
"""Set for the Snakemake that follows once all is settled."""


def settle(workflow: Any) -> None:
    """Bring the dates of what is unchanged up to date, and then start over.

    For `onstart`, before any job has deleted what it is to make. A job that would make again, of
    the same inputs and with the same params, what is there as recorded, has its outputs dated
    anew instead. Without such a job, nothing happens.

    Args:
        workflow: the object of this name in a Snakefile.

    Raises:
        UserError: what Snakemake takes for up to date was made with other params.
    """
    dag = workflow.dag
    up_to_date = [job for job in dag.jobs if not dag.needrun(job)]
    _check_params(up_to_date)
    for job in up_to_date:
        if dag.reason(job).no_metadata and _as_recorded(job):
            _note(job, workflow)
    kept = [] if SETTLED in os.environ else _unchanged(dag)
    if not kept:
        return
    for job in kept:
        # The file with a job's time counts as one of its outputs.
        for path in job.products(include_logfiles=False):
            if os.path.exists(path):
                path.touch()
        _note(job, workflow)
    print(
        f"{len(kept)} jobs would make again what is here and as recorded, {kept[0].output[0]} "
        "first: only the dates of their outputs were old, and are now brought up to date.",
        file=sys.stderr,
    )
    os.environ[SETTLED] = "1"
    begin_again(workflow)


def _note(job: Any, workflow: Any) -> None:
    """Have Snakemake note a job as it does once one has ended well."""
    workflow.persistence.started(job)
    workflow.async_run(workflow.persistence.finished(job))


def _unchanged(dag: Any) -> list[Any]:
    """Return the jobs that only dates call for, each after those that it hangs on."""
    kept: list[Any] = []
    for level in dag.toposorted():
        for job in level:
            waits = [each for each in dag.dependencies[job] if dag.needrun(each)]
            if (
                dag.needrun(job)
                and all(each in kept for each in waits)
                and _only_dated(job, dag.reason(job))
                and _as_recorded(job)
            ):
                kept.append(job)
    return kept


def _only_dated(job: Any, reason: Any) -> bool:
    """Return whether a job is called for by dates, and by temporary files that had to go."""
    dated = {"updated input files", "input files updated by another job"}
    gone = {"output files have to be generated"}
    return {*reason.get_names()} <= dated | gone and reason.missing_output <= job.temp_output


def _as_recorded(job: Any) -> bool:
    """Return whether a job's outputs are what it would make of the inputs that are there.

    Temporary files, outputs and inputs alike, were what is recorded of them.
    """
    if not job.output:
        return False
    inputs = records.named(
        {str(path): records.digest(files) for path in job.input if (files := _files(path))}
    )
    for path in job.output:
        record = records.read(path)
        if (
            record is None
            or not (os.path.exists(path) or path in job.temp_output)
            or record["made_from"] != inputs
            or record["params"] != _params(job)
            or record["files"] != _files(path)
        ):
            return False
    return True


def _files(path: str) -> records.Files | None:
    """Return the digests of a file or folder; once it is gone, the recorded ones, if any."""
    if os.path.exists(path):
        return records.measured(path)
    record = records.read(path)
    return record and record["files"]


def _params(job: Any) -> dict[str, Any]:
    params: dict[str, Any] = records.public(dict(job.params.items()))
    return params


def _check_params(jobs: Iterable[Any]) -> None:
    """Check that jobs with nothing to do would have the params that their outputs were made with.

    Raises:
        UserError: one has not; names output and param, and says what to do.
    """
    for job in jobs:
        for path in job.output:
            record = records.read(path)
            if record is None or not os.path.exists(path):
                continue
            changed = [*differences(record["params"], _params(job))]
            if changed:
                raise UserError(
                    f"{path} was made with other settings than those of the config: "
                    f"{'; '.join(changed)}. Snakemake does not see it, as the notes in .snakemake/ "
                    "were not copied along. Undo the change; or make it again, with all that hangs "
                    f"on it: --forcerun {job.rule.name}"
                )
