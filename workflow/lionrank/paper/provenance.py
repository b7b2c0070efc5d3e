"""Where a paper comes from: commit, rules, settings, packages, machine, time and run files."""

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psutil
import yaml
from markupsafe import Markup

from lionrank.config.downloads import record_of
from lionrank.config.settings import digest
from lionrank.errors import UserError
from lionrank.files import read_json, text_lines
from lionrank.grid import is_left_out
from lionrank.jobs.records import public

# What the paper waits for, in the order in which data flows: other timings may be of work that is
# still going on when this is taken.
STAGES = (
    *("sources", "collections", "retrieval", "teachers", "training_data", "search", "training"),
    *("development", "systems", "reranking", "evaluation"),
)
RUNS = ("Snakefile", "rules", "workflow", "config.yaml", "config", "schemas", "paper", "envs")
"""What of a checkout the results and the paper are made by."""

CODE = ("workflow/*.py", "workflow/*.j2", "rules/*.smk", "schemas/*.yaml", "paper/*.j2")
"""What of it runs although git ignores it."""

# host:path and user@host:path, as git and scp take it. A host without a dot is an alias that only
# somebody's own ssh knows, or the letter of a drive.
_SCP = re.compile(r"(?:[^@/\s]+@)?([\w-]+(?:\.[\w-]+)+):(?!:)/*([^\s?#]+)")
_HOST = re.compile(r"[A-Za-z0-9._-]+")
_SCHEMES = ("https", "http", "ssh", "git", "git+ssh", "ssh+git")


def collect(
    repository: str | os.PathLike,
    rules: Mapping[str, Mapping[str, Any]],
    config: Mapping[str, Any],
    defaults: str | os.PathLike,
    run_files: Iterable[str | os.PathLike],
    last_epochs: Mapping[str, int],
    data: Iterable[str | os.PathLike],
    pinned: Mapping[str, bool],
    catalogued: Mapping[str, list[str]],
    timings: str | os.PathLike,
    files: Mapping[str, str],
) -> dict[str, Any]:
    """Return the provenance of an experiment as a JSON object.

    Args:
        repository: folder of the workflow's source.
        rules: what `lionrank.jobs.rules.origins` tells of them.
        config: the whole configuration, defaults and overlays merged.
        defaults: the configuration file that overlays change.
        run_files: the run files of all that was planned; those of epochs that early stopping left
            out are not behind the results.
        last_epochs: the last epoch of each training.
        data: the records of what was trained on, `{data}.json`.
        pinned: whether the table pins each source that was downloaded into the working directory.
        catalogued: identifiers in the catalogue ir_datasets, by collection.
        timings: folder with Snakemake's benchmark files, one folder a stage.
        files: the SHA-256 of every file behind the paper, as the records of the experiment tell.
    """
    unchanged = yaml.safe_load(Path(defaults).read_text(encoding="utf-8"))
    return {
        "git": git_state(repository),
        "rules": dict(rules),
        "config_sha256": digest(config),
        "changed_settings": list(changed_settings(public(unchanged), public(config))),
        "python": platform.python_version(),
        "packages": packages(),
        "environment": environment(),
        "hardware": hardware(),
        "stages": stages(timings),
        "sources": {
            name: record_of(name).as_json() | {"pinned": pinned[name]} for name in sorted(pinned)
        },
        "catalogued": dict(catalogued),
        "data": {Path(record).stem: read_json(record) for record in data},
        "last_epochs": dict(last_epochs),
        "run_files": {
            path: files[path]
            for path in sorted(map(str, run_files))
            if not is_left_out(Path(path).stem, last_epochs)
        },
        "files": dict(sorted(files.items())),
    }


def git_state(repository: str | os.PathLike) -> dict[str, Any]:
    """Return commit, dirty flag, commit time (seconds since 1970) and remote of a git checkout.

    All are None where `repository` is not itself the root of a checkout with a commit. What may
    run counts as a change where it is not as the commit has it, also a file of it that git ignores;
    nothing else does. The remote is the web address of `origin`, or of the first one where none has
    that name, and None where that has no such address.

    Raises:
        UserError: there is a checkout, and git does not tell; has git's own words.
    """
    unknown = {"commit": None, "dirty": None, "time": None, "remote": None}
    if not (Path(repository) / ".git").exists():
        return unknown
    if not _git(repository, "rev-parse", "--verify", "--quiet", "HEAD", may_fail=True):
        return unknown
    commit, time = _git(repository, "log", "-1", "--format=%H %ct").split()
    return {
        "commit": commit,
        "dirty": _differs(repository),
        "time": int(time),
        "remote": _remote(repository),
    }


def _differs(repository: str | os.PathLike) -> bool:
    """Return whether anything that may run is not as the commit has it."""
    changed = _git(
        *(repository, "status", "--porcelain", "--untracked-files=all", "--ignored=no"),
        *("--", *RUNS),
    )
    ignored = _git(repository, "ls-files", "--others", "--", *CODE)
    # Git looks at none of these: they are marked with a lower-case letter, or with S.
    unseen = _git(repository, "ls-files", "-v", "--", *RUNS).splitlines()
    return bool(changed or ignored) or any(not line.startswith("H") for line in unseen)


def _remote(repository: str | os.PathLike) -> str | None:
    names = _git(repository, "remote").split()
    if not names:
        return None
    name = "origin" if "origin" in names else names[0]
    return web_address(_git(repository, "remote", "get-url", name))


def web_address(remote: str) -> str | None:
    """Return the https address of a git remote, or None if it has none, as a local path has not.

    User, password, query and fragment are left out, for a token may stand in each of them.
    """
    if match := _SCP.fullmatch(remote):
        host, path = match.groups()
        port = None
    else:
        try:
            parts = urlsplit(remote)
            host, port = parts.hostname, parts.port if parts.scheme == "https" else None
        except ValueError:
            return None  # git could not use it either
        if parts.scheme not in _SCHEMES or not host:
            return None
        path = parts.path
    try:
        # As browsers ask for a name in another script.
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    path = path.strip("/").removesuffix(".git").rstrip("/")
    if not path or not _HOST.fullmatch(host):
        return None
    # Another protocol's port is not that of the web pages.
    place = f"{host}:{port}" if port else host
    return f"https://{place}/{quote(path, safe='/%').replace('~', '%7E')}"


def _git(repository: str | os.PathLike, *arguments: str, may_fail: bool = False) -> str:
    """Return the output of a git command; nothing where it fails, and may, without a word.

    Raises:
        UserError: it fails otherwise, or there is no git.
    """
    if shutil.which("git") is None:
        raise UserError(f"{repository} is a git checkout, and there is no git to ask: install git.")
    command = ["git", "-C", os.fspath(repository), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and not (may_fail and not done.stderr):
        raise UserError(
            f"git does not tell the commit of {repository}, which the paper prints: "
            f"{done.stderr.strip()}"
        )
    return done.stdout.strip()


def _output(command: list[str]) -> str | None:
    """Return the output of a command, or None if it fails or is not there."""
    if shutil.which(command[0]) is None:
        return None
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def changed_settings(defaults: Any, here: Any, key: str = "") -> Iterator[dict[str, Any]]:
    """Yield the settings in which two configs differ: dotted key, default and value here.

    A mapping is compared key by key, also with null or nothing in its place; all else, lists
    among it, as a whole. What is absent counts as null.
    """
    if isinstance(defaults, Mapping) or isinstance(here, Mapping):
        left, right = _children(defaults), _children(here)
        if left is not None and right is not None:
            for name in dict.fromkeys([*left, *right]):
                inner = f"{key}.{name}" if key else str(name)
                yield from changed_settings(left.get(name), right.get(name), inner)
            return
    if defaults != here:
        yield {"key": key, "default": defaults, "here": here}


def _children(value: Any) -> Mapping[str, Any] | None:
    return {} if value is None else value if isinstance(value, Mapping) else None


def environment() -> dict[str, str]:
    """Return the version of every installed package, those that others brought along among them."""
    installed = importlib.metadata.distributions()
    # An interrupted installation leaves one without a name.
    found = {each.name: each.version for each in installed if each.name}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


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
    """Sum the benchmark files of `STAGES`: jobs, wall time in seconds, peak memory in bytes.

    Raises:
        UserError: a benchmark file has no readable wall time.
    """
    totals: dict[str, dict[str, float]] = defaultdict(
        lambda: {"jobs": 0, "seconds": 0.0, "peak_bytes": 0}
    )
    for stage in STAGES:
        for path in sorted((Path(timings) / stage).rglob("*.tsv")):
            _add_benchmark(totals[stage], path)
    return {
        stage: {key: round(value, 1) for key, value in total.items()}
        for stage, total in totals.items()
    }


def _add_benchmark(total: dict[str, float], path: Path) -> None:
    (_, head), *rows = list(text_lines(path)) or [(1, "")]
    if not rows:
        raise UserError(f"{path}: no job's time is there; remove the file.")
    for number, row in rows:
        values = dict(zip(head.split("\t"), row.split("\t"), strict=False))
        try:
            total["seconds"] += float(values["s"])
        except (KeyError, ValueError):
            raise UserError(
                f"{path}:{number}: no wall time in column 's'; remove the file."
            ) from None
        total["jobs"] += 1
        # A job shorter than the sampling interval has no memory figure ("-" or "NA").
        memory = values.get("max_rss", "")
        if re.fullmatch(r"[\d.]+", memory):
            total["peak_bytes"] = max(total["peak_bytes"], round(float(memory) * 2**20))


def link(provenance: Mapping[str, Any], rule: str) -> Markup:
    """Return LaTeX for the end of a caption that leads to a rule and to its script.

    Both links are to the built commit, in the form that GitHub and GitLab understand. Without
    commit or remote there is nothing to lead to, and the LaTeX is empty.

    Args:
        provenance: the contents of provenance.json.
        rule: name of the rule that made the table or figure.

    Raises:
        UserError: the workflow has no rule of this name that runs a script; names it.
    """
    origin = provenance["rules"].get(rule)
    if origin is None or origin["script"] is None:
        raise UserError(
            f"there is no rule {rule!r} with a script: name the rule that made the file"
        )
    commit, remote = provenance["git"]["commit"], provenance["git"]["remote"]
    if commit is None or remote is None:
        return Markup()
    base = f"{remote}/blob/{commit}"
    to_rule = _href(f"{base}/{origin['file']}#L{origin['line']}", "rule")
    to_script = _href(f"{base}/{origin['script']}", "script")
    return Markup(
        rf" {{\normalfont\scriptsize\color[gray]{{0.45}}\mbox{{[{to_rule}, {to_script}]}}}}"
    )


def _href(address: str, text: str) -> str:
    # A caption is an argument, in which TeX has read # and % before hyperref can.
    escaped = re.sub("([#%])", r"\\\1", address)
    return rf"\href{{{escaped}}}{{{text}}}"
