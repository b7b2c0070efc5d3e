"""What a script's results depend on in code: a digest of it and of all that it imports from here.

Snakemake sees that a script changed, not that a module it imports did. The digest is taken of the
syntax tree without docstrings, so that a comment does not cost a training its rerun.
"""

import ast
import functools
import hashlib
import json
from pathlib import Path

from lionrank.memo import recall

PACKAGE = Path(__file__).parent
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def of_script(script: Path) -> str:
    """Return a digest of a script and, transitively, of the lionrank modules it imports."""
    files = sorted({script, *_imported(script)})
    digests = "\n".join(f"{file.name} {_summary(file)['digest']}" for file in files)
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


def _imported(file: Path) -> set[Path]:
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        for module in _direct_imports(waiting.pop()) - found:
            found.add(module)
            waiting.append(module)
    return found


@functools.cache
def _direct_imports(file: Path) -> frozenset[Path]:
    modules = (name.removeprefix("lionrank.") for name in _summary(file)["imports"])
    return frozenset(path for name in modules if (path := PACKAGE / f"{name}.py").exists())


@functools.cache
def _summary(file: Path) -> dict:
    """Return what the digest needs of one file: its own digest and the names that it imports."""
    source = file.read_bytes()

    def summarise() -> str:
        tree = ast.parse(source, filename=str(file))
        imports = sorted(_imports(tree))
        digest = hashlib.sha256(_normalised(tree).encode()).hexdigest()
        return json.dumps({"imports": imports, "digest": digest})

    return json.loads(recall(summarise, source))


def _imports(tree: ast.Module) -> set[str]:
    """Return the names that a file imports from here."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.startswith("lionrank.")}


def _normalised(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)
