"""Where a paper comes from: commit, settings, packages, machine, time and run files."""

import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from lionrank.config import digest
from lionrank.errors import UserError
from lionrank.files import sha256

# The paper does not wait for these, and its own rules are still at work when this is taken.
_UNFINISHED_STAGES = {"paper", "development", "hub"}
LOCK = ".lock.json"


def collect(
    repository: str | os.PathLike,
    config: Mapping[str, Any],
    run_files: Iterable[str | os.PathLike],
    pairs: str | os.PathLike,
    sources: str | os.PathLike,
    timings: str | os.PathLike,
) -> dict[str, Any]:
    """Return the provenance of an experiment as a JSON object.

    Args:
        repository: folder of the workflow's source.
        config: the whole configuration, defaults and overlays merged.
        run_files: the run files behind the results.
        pairs: the record of the training pairs.
        sources: folder with the locks of what was downloaded.
        timings: folder with Snakemake's benchmark files, one folder a stage.
    """
    return {
        "git": git_state(repository),
        "config_sha256": digest(config),
        "python": platform.python_version(),
        "packages": packages(),
        "hardware": hardware(),
        "stages": stages(timings),
        "sources": {
            path.name.removesuffix(LOCK): json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(Path(sources).glob(f"*{LOCK}"))
        },
        "pairs": json.loads(Path(pairs).read_text(encoding="utf-8")),
        "run_files": {str(path): sha256(path) for path in sorted(map(str, run_files))},
    }


def git_state(repository: str | os.PathLike) -> dict[str, Any]:
    """Return commit, dirty flag and commit time (seconds since 1970) of a git checkout.

    All three are None where `repository` is not itself the root of a checkout with a commit.
    A file that git neither tracks nor ignores counts as a change.
    """
    unknown = {"commit": None, "dirty": None, "time": None}
    root = _git(repository, "rev-parse", "--show-toplevel")
    if root is None or not os.path.samefile(root, repository):
        return unknown
    head = _git(repository, "log", "-1", "--format=%H %ct")
    status = _git(repository, "status", "--porcelain")
    if head is None or status is None:
        return unknown
    commit, time = head.split()
    return {"commit": commit, "dirty": bool(status), "time": int(time)}


def _git(repository: str | os.PathLike, *arguments: str) -> str | None:
    """Return the output of a git command, or None if it fails or there is no git."""
    return _output(["git", "-C", os.fspath(repository), *arguments])


def _output(command: list[str]) -> str | None:
    if shutil.which(command[0]) is None:
        return None
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def packages(distribution: str = "lionrank") -> dict[str, str]:
    """Return the installed versions of the packages that a distribution asks for.

    Raises:
        UserError: the distribution is not installed.
    """
    try:
        wanted = importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        raise UserError(f"The package {distribution} is not installed; run: make install") from None
    versions = {}
    for requirement in wanted:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # wanted on another platform, or by an extra
    return dict(sorted(versions.items(), key=lambda item: item[0].lower()))


def hardware() -> dict[str, Any]:
    """Return CPU model, usable cores, memory in bytes and the GPUs by name; no host name."""
    listed = _output(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]) or ""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "gpus": [line.strip() for line in listed.splitlines() if line.strip()],
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def stages(timings: str | os.PathLike) -> dict[str, dict[str, float]]:
    """Sum the benchmark files of each stage: jobs, wall time in seconds, peak memory in bytes.

    Raises:
        UserError: a benchmark file has no readable wall time.
    """
    totals: dict[str, dict[str, float]] = defaultdict(
        lambda: {"jobs": 0, "seconds": 0.0, "peak_bytes": 0}
    )
    root = Path(timings)
    for path in sorted(root.rglob("*.tsv")):
        stage = path.relative_to(root).parts[0]
        if stage not in _UNFINISHED_STAGES:
            _add_benchmark(totals[stage], path)
    return {
        stage: {key: round(value, 1) for key, value in total.items()}
        for stage, total in totals.items()
    }


def _add_benchmark(total: dict[str, float], path: Path) -> None:
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    for row in rows:
        values = dict(zip(head.split("\t"), row.split("\t"), strict=False))
        try:
            total["seconds"] += float(values["s"])
        except (KeyError, ValueError):
            raise UserError(f"{path}: no wall time in column 's'; remove the file.") from None
        total["jobs"] += 1
        # A job shorter than the sampling interval has no memory figure ("-" or "NA").
        memory = values.get("max_rss", "")
        if re.fullmatch(r"[\d.]+", memory):
            total["peak_bytes"] = max(total["peak_bytes"], round(float(memory) * 2**20))
