"""Docstrings of installed Python packages, whose sources are parsed and never imported.

"See Also" sections and `seealso` directives are cut from their bodies, since they hold the
summaries of other functions.
"""

import ast
import importlib.util
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lionrank.errors import UserError

# A section runs from its underlined title to the next underlined title.
_SECTION = re.compile(r"^[ \t]*([A-Z][A-Za-z ]+)\n[ \t]*[-=]{3,}[ \t]*\n", re.MULTILINE)
# A directive holds its line and the indented and blank lines below it.
_DIRECTIVE = re.compile(r"^([ \t]*)\.\. seealso::(.*(?:\n(?:\1[ \t]+\S.*|[ \t]*$))*)", re.MULTILINE)
_TARGET = re.compile(r":\w+:`[~.]*([\w.]+?)(?:\(\))?`")
_ENTRY = re.compile(r"^([\w.]+(?:\s*,\s*[\w.]+)*)\s*,?(?:\s*:\s.*)?$")
_ROLE = re.compile(r":\w+:|[`~]")


@dataclass
class Docstring:
    """One docstring: what it describes, its summary, its body and what its "See Also" names."""

    name: str
    package: str
    module: str
    summary: str
    body: str
    see_also: list[str] = field(default_factory=list)


def package_folder(package: str, place: str) -> Path:
    """Return the folder of an installed package without importing it.

    Raises:
        UserError: the package is not installed; begins with `place`.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            f"{place}: {package!r} is not an installed package; "
            "run `make install`, or take it from the list."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def extract(
    folder: Path, summary_characters: tuple[int, int], body_characters: tuple[int, int]
) -> list[Docstring]:
    """Return the usable docstrings of the package in a folder, in the order of its files.

    A docstring is usable if its summary and its body have least and greatest lengths within
    `summary_characters` and `body_characters`.
    """
    shortest, longest = summary_characters
    least, most = body_characters
    docstrings = []
    for path in sorted(folder.rglob("*.py")):
        relative = path.relative_to(folder.parent)
        if {"test", "tests", "testing"} & set(relative.parts):
            continue
        module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
        for name, docstring in _docstrings(path):
            summary, body, see_also = _parts(docstring)
            if shortest <= len(summary) <= longest and least <= len(body) <= most:
                docstrings.append(
                    Docstring(f"{module}.{name}", folder.name, module, summary, body, see_also)
                )
    return docstrings


def _docstrings(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (qualified name, docstring) of one source file's public classes and functions."""

    def visit(node: ast.AST, prefix: str) -> Iterator[tuple[str, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                if child.name.startswith("_"):
                    continue
                name = f"{prefix}{child.name}"
                if docstring := ast.get_docstring(child):
                    yield name, docstring
                yield from visit(child, f"{name}.")
            elif isinstance(child, ast.If | ast.Try | ast.With):
                yield from visit(child, prefix)

    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # packages ship templates and files for other Python versions
        return
    yield from visit(tree, "")


def _parts(docstring: str) -> tuple[str, str, list[str]]:
    """Split a docstring into summary, body without "See Also", and the names listed there."""
    summary, _, rest = docstring.partition("\n\n")
    directives = "".join(match.group(2) for match in _DIRECTIVE.finditer(rest))
    rest = _DIRECTIVE.sub("", rest)
    body, see_also = [], _TARGET.findall(directives)
    position, title = 0, ""
    for match in [*_SECTION.finditer(rest), None]:
        section = rest[position : match.start() if match else len(rest)]
        if title.strip().lower() == "see also":
            see_also += _see_also_names(section)
        else:
            body.append(section)
        if match:
            position, title = match.start(), match.group(1)
    return " ".join(summary.split()), " ".join("".join(body).split()), see_also


def _see_also_names(section: str) -> list[str]:
    """Return the names that a "See Also" section of numpydoc's form lists, in order."""
    names = []
    for line in section.splitlines()[2:]:
        entry = _ENTRY.match(_ROLE.sub("", line.rstrip()))
        if entry:
            names += [name.strip() for name in entry.group(1).split(",") if name.strip()]
    return names


def deduplicate(docstrings: Iterable[Docstring]) -> list[Docstring]:
    """Keep the first of the docstrings that share a body, and the first of those sharing a name."""
    bodies, names, kept = set(), set(), []
    for docstring in docstrings:
        if docstring.body not in bodies and docstring.name not in names:
            bodies.add(docstring.body)
            names.add(docstring.name)
            kept.append(docstring)
    return kept
