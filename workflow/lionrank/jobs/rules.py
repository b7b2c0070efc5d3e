"""Where the rules of a workflow are written, as Snakemake itself knows."""

import os
from pathlib import Path
from typing import Any


def origins(workflow: Any, root: str | os.PathLike) -> dict[str, dict[str, Any]]:
    """Return where each rule is written, `name -> {"file", "line", "script"}`.

    Paths are relative to `root`, lines count from 1, and `script` is None for a rule without one.

    Args:
        workflow: the object of this name in a Snakefile.
        root: folder of the workflow's source.
    """
    found = {}
    for rule in workflow.rules:
        file = os.fspath(rule.snakefile)
        found[rule.name] = {
            "file": _within(root, file),
            # A rule knows its line in the Python that Snakemake makes of the file.
            "line": workflow.linemaps[file][rule.lineno],
            "script": rule.script and _within(root, Path(file).parent / rule.script),
        }
    return found


def _within(root: str | os.PathLike, path: str | os.PathLike) -> str:
    return Path(os.path.relpath(path, root)).as_posix()
