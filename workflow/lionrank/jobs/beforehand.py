"""Whether GPUs compute, before the hours of downloads and joins that come before the first job on
one.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lionrank.errors import UserError


def check_gpus(hardware: Mapping[str, Any], workflow: Any) -> None:
    """Check GPUs where Snakemake is to download, or to compute on GPUs, and say what was found.

    For `onstart`, which no dry run reaches. What is wrong with the GPUs of this machine is an error
    if jobs use them, not if the executor sends them elsewhere; that there are none here is one
    where a job is about to need one. A GPU in use is none, since a job waits or is repeated.

    Args:
        hardware: that of the config.
        workflow: the object of this name in a Snakefile.

    Raises:
        UserError: no job on a GPU could succeed here.
    """
    jobs = [] if hardware["gpus"] == 0 or workflow.touch else [*workflow.dag.needrun_jobs()]
    gpus = max((job.resources.get("gpu", 0) for job in jobs), default=0)
    if not gpus and all(job.rule.name != "fetch" for job in jobs):
        return
    if workflow.deployment_settings.deployment_method:
        _say("not checked: the software of the jobs is not that of this process")
        return
    here = _look(gpus or 1)
    fatal = {"broken", "absent"} if gpus else {"broken"}
    if workflow.local_exec and here["found"] in fatal:
        raise UserError(here["told"])
    if here["found"] == "computes":
        _say(f"checked: {here['told']} computes, with {here['torch']}")
    else:
        _say(
            f"checked: {here['torch']}; not checked: driver and GPUs where jobs will run, which "
            f"their first one does. On this machine: {here['told']}"
        )


def _look(gpus: int) -> dict[str, str]:
    """Ask in a process of its own, since one that has asked keeps a part of the GPU.

    Without torch, which a Python that only starts jobs may lack, there is nothing to find.
    """
    done = subprocess.run(
        [sys.executable, "-m", "lionrank.cross_encoder.device", str(gpus)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        reason = (done.stderr.splitlines() or [f"status {done.returncode}"])[-1]
        return {"found": "unknown", "told": reason, "torch": "no torch"}
    return json.loads(done.stdout.splitlines()[-1])


def _say(text: str) -> None:
    print(f"GPUs: {text}", file=sys.stderr)
