"""Where a table or figure comes from: its rule and script, and the link to them in its caption."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from lionrank.errors import UserError

_RULE = re.compile(
    r"^(?:(?:rule|checkpoint) |use rule (?P<base>\w+) as )(?P<name>\w+)(?: with)?:", re.MULTILINE
)
_SCRIPT = re.compile(r'^    script:\s*"([^"]+)"', re.MULTILINE)
# host:path and user@host:path, as git and scp take it. A host without a dot is an alias that only
# somebody's own ssh knows, or the letter of a drive.
_SCP = re.compile(r"(?:[^@/\s]+@)?([\w-]+(?:\.[\w-]+)+):(?!:)/*([^\s?#]+)")
_SCHEMES = ("https", "http", "ssh", "git", "git+ssh", "ssh+git")


def rules(repository: str | os.PathLike) -> dict[str, dict[str, Any]]:
    """Return where each rule of a workflow is written, `name -> {"file", "line", "script"}`.

    Paths are relative to `repository`, lines count from 1, and `script` is None for a rule without
    one. Read are the Snakefile and the rule files in rules/.
    """
    root = Path(repository)
    found: dict[str, dict[str, Any]] = {}
    for path in [root / "Snakefile", *sorted(root.glob("rules/**/*.smk"))]:
        text = path.read_text(encoding="utf-8")
        heads = list(_RULE.finditer(text))
        for place, head in enumerate(heads):
            end = heads[place + 1].start() if place + 1 < len(heads) else len(text)
            script = _SCRIPT.search(text, head.start(), end)
            # A rule that is made from another one runs its script.
            inherited = found[head["base"]]["script"] if head["base"] else None
            found[head["name"]] = {
                "file": path.relative_to(root).as_posix(),
                "line": text.count("\n", 0, head.start()) + 1,
                "script": _within(root, path.parent / script[1]) if script else inherited,
            }
    return found


def _within(root: Path, path: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def web_address(remote: str) -> str | None:
    """Return the https address of a git remote, or None if it has none, as a local path has not.

    User, password, query and fragment are left out, for a token may stand in each of them.
    """
    if match := _SCP.fullmatch(remote):
        host, path = match.groups()
    else:
        try:
            parts = urlsplit(remote)
            host, port = parts.hostname, parts.port
        except ValueError:
            return None  # git could not use it either
        if parts.scheme not in _SCHEMES or not host:
            return None
        # Another protocol's port is not that of the web pages.
        host, path = f"{host}:{port}" if port and parts.scheme == "https" else host, parts.path
    path = path.strip("/").removesuffix(".git").rstrip("/")
    return f"https://{host}/{quote(path, safe='/%').replace('~', '%7E')}" if path else None


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
