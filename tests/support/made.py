"""What jobs Snakemake has done in a working directory, by its own records."""

import base64
from collections.abc import Mapping
from pathlib import Path

from lionrank.audit.schedule import Job
from lionrank.files import read_json


def made(directory: Path, queued: Mapping[str, tuple[str, float]]) -> tuple[dict[str, Job], float]:
    """Return all jobs but downloads, and the seconds from the first one's start to the last's end.

    `queued` are partition and seconds of the jobs of a rule that ran in Slurm: there Snakemake
    records when it learnt of their end. Those of local ones it records itself.
    """
    folder = directory / ".snakemake" / "metadata"
    records = {
        base64.urlsafe_b64decode(path.name).decode(): read_json(path) for path in folder.iterdir()
    }
    records = {path: record for path, record in records.items() if record["rule"] != "fetch"}
    names = {path: f"{record['rule']} {record['job_hash']}" for path, record in records.items()}
    jobs = {}
    for path, record in records.items():
        after = sorted({names[file] for file in record["input"] if file in names})
        if record["rule"] in queued:
            partition, seconds = queued[record["rule"]]
            jobs[names[path]] = Job(seconds, {partition: 1}, after)
        else:
            seconds = record["endtime"] - record["starttime"]
            jobs[names[path]] = Job(seconds, {}, after, local=True)
    starts, ends = (
        [record[key] for record in records.values()] for key in ("starttime", "endtime")
    )
    return jobs, max(ends) - min(starts)
