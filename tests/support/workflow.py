"""The workflow as Snakemake parses it for a command, and the jobs that it plans."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from snakemake.api import SnakemakeApi
from snakemake.cli import parse_args
from snakemake.jobs import Job
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    DeploymentSettings,
    OutputSettings,
    Quietness,
    ResourceSettings,
)
from snakemake.workflow import Workflow

from lionrank.jobs.rules import origins
from tests.support.running import ROOT


@functools.cache
def parsed(*arguments: str) -> Workflow:
    """Return the workflow as `snakemake` has it with these arguments, those of a profile among."""
    snakefile = ROOT / "Snakefile"
    _, args = parse_args(["--snakefile", str(snakefile), *arguments])
    resources = ResourceSettings(
        cores=args.cores,
        overwrite_threads=args.set_threads,
        overwrite_resources=args.set_resources,
        default_resources=args.default_resources,
    )
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        return api.workflow(
            resource_settings=resources,
            config_settings=ConfigSettings(configfiles=args.configfile),
            deployment_settings=DeploymentSettings(args.software_deployment_method),
            snakefile=snakefile,
        )._workflow


def resources(
    rule: str, *arguments: str, attempt: int = 1, **wildcards: str
) -> dict[str, int | str]:
    """Return what Snakemake asks for when it tries a job for the so-manieth time."""
    planned = parsed(*arguments).get_rule(rule).expand_resources(wildcards, [], attempt)
    return dict(planned.items())


def planned(folder: Path, *targets: str, overlays: Sequence[str] = ()) -> list[Job]:
    """Return the jobs that Snakemake plans in an empty folder, with these overlays of config/."""
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, dryrun=True)) as api:
        made = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=[ROOT / "config" / it for it in overlays]),
            snakefile=ROOT / "Snakefile",
            workdir=folder,
        )
        made.dag(DAGSettings(targets=set(targets))).execute_workflow(executor="dryrun")
        return list(made._workflow.dag.jobs)


@functools.cache
def rule_origins() -> dict[str, dict[str, Any]]:
    """Return where the workflow's own rules are written."""
    return origins(parsed(), ROOT)
