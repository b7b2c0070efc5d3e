"""What a script's results depend on in code: a digest of it and of all that it imports from here.

Snakemake sees that a script changed, not that a module it imports did. The digest is taken of the
syntax tree without docstrings, so that a comment does not cost a training its rerun.
"""

import ast
import functools
import hashlib
import json
from pathlib import Path

from lionrank.config.memo import recall
from lionrank.errors import UserError

PACKAGE = Path(__file__).parents[1]
AROUND = "lionrank.jobs.script"
"""What every script begins and ends with: it logs and keeps records, and changes no result."""
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def check_package(root: Path) -> None:
    """Check that this package is the one of the clone whose rules are read.

    Raises:
        UserError: it is another clone's, as with the .venv of that one.
    """
    expected = root / "workflow" / PACKAGE.name
    if not expected.is_dir() or not PACKAGE.samefile(expected):
        raise UserError(
            f"the rules are those of {root}, and {PACKAGE} is what would run: use the .venv of "
            f"this clone (in {root}: make install; then export PATH=$PWD/.venv/bin:$PATH)."
        )


def of_script(script: Path) -> str:
    """Return a digest of a script and, transitively, of the lionrank modules it imports.

    Raises:
        UserError: an import from lionrank names no file, whose changes nothing would see.
    """
    modules = sorted(_imported(script))
    digests = [f"{script.name} {_summary(script)['digest']}"]
    digests += [f"{name} {_summary(_file(name))['digest']}" for name in modules]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]


def _imported(script: Path) -> set[str]:
    """Return the dotted names of the modules that a script imports, transitively."""
    found: set[str] = set()
    waiting = [script]
    while waiting:
        for module in _direct_imports(waiting.pop()) - found - {AROUND}:
            found.add(module)
            waiting.append(_file(module))
    return found


@functools.cache
def _direct_imports(file: Path) -> frozenset[str]:
    """Return the dotted names of the modules that a file imports."""
    return frozenset(_module(package, name, file) for package, name in _summary(file)["imports"])


def _module(package: str, name: str, file: Path) -> str:
    """Return which of the two `from package import name` imports: a module, or what is in one."""
    for dotted in (f"{package}.{name}", package):
        if _file(dotted).is_file():
            return dotted
    raise UserError(f"{file}: {package}.{name} is in no file below {PACKAGE}: correct the import.")


@functools.cache
def _file(dotted: str) -> Path:
    """Return where the module of a dotted name below lionrank lies."""
    return PACKAGE.joinpath(*dotted.split(".")[1:]).with_suffix(".py")


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


def _imports(tree: ast.Module) -> set[tuple[str, str]]:
    """Return package and name of all that a file imports from here."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {tuple(alias.name.rpartition(".")[::2]) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {(node.module, alias.name) for alias in node.names}
    return {(package, name) for package, name in names if f"{package}.".startswith("lionrank.")}


def _normalised(tree: ast.Module) -> str:
    """Return a syntax tree as text, without docstrings and places: the same in every Python."""
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return _text(tree)


def _text(node: object) -> str:
    """Return a part of a syntax tree as text.

    `ast.dump` differs between versions of Python: newer ones know more fields, which old syntax
    leaves empty, and Python 3.12.0 ends a nested format with an empty string.
    """
    if isinstance(node, list):
        return f"[{', '.join(map(_text, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {name: value for name, value in ast.iter_fields(node) if value not in (None, [])}
    if isinstance(node, ast.JoinedStr):
        fields["values"] = [part for part in node.values if getattr(part, "value", None) != ""]
    return f"{type(node).__name__}({', '.join(f'{k}={_text(v)}' for k, v in fields.items())})"
