"""What a script's results depend on in code: a digest of it and of all that it imports from here.

Snakemake sees that a script changed, not that a module it imports did. The digest is taken of the
syntax tree without docstrings, so that a comment does not cost a training its rerun.
"""

import ast
import functools
import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parent
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def of_script(script: Path) -> str:
    """Return a digest of a script and, transitively, of the lionrank modules it imports."""
    files = sorted({script, *_imported(script)})
    trees = "\n".join(f"{file.name}\n{_normalised(file)}" for file in files)
    return hashlib.sha256(trees.encode()).hexdigest()[:16]


@functools.cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes(), filename=str(file))


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
    names = set()
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    modules = (name.removeprefix("lionrank.") for name in names if name.startswith("lionrank."))
    return frozenset(path for name in modules if (path := PACKAGE / f"{name}.py").exists())


@functools.cache
def _normalised(file: Path) -> str:
    tree = _tree(file)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)
