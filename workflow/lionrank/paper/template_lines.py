"""Which line of which template a line of generated LaTeX comes from.

A marker comment names the template of what follows it. Its line is found by what is literal in it:
the pieces between the tags of jinja, or the strings of a Python module that makes a table. Where
they do not tell, there is no answer rather than a wrong one.
"""

import ast
import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# Generated files name their origin in such comment lines.
MARKER = re.compile(r"^% template: (\S.*)$")

_TAG = re.compile(r"<%.*?%>|<<.*?>>|<#.*?#>", re.DOTALL)
_USED = re.compile(r"""<%-? *(?:from|import) +["']([^"']+\.j2)["']""")
_HOLE = "\0"
# Literal characters that a part of a line must share with the text before it counts: one with
# which the text begins, and any other, of which it must also be such a share.
_ENOUGH = 12
_ENOUGH_WITHIN = 16
_SHARE = 0.2
# Lines above and below that tell equal lines of a template apart.
_NEAR = 6


class Line(NamedTuple):
    """A line (from 1) of a template, or one string in it: its literal pieces in their order."""

    template: str
    number: int
    pieces: tuple[str, ...]


def template_at(text: str, line: int) -> str | None:
    """Return the origin that the nearest marker at or above `line` (from 1) of `text` names."""
    for candidate in reversed(text.splitlines()[:line]):
        if match := MARKER.match(candidate):
            return match[1]
    return None


def find_line(
    text: str, line: int, folder: str | os.PathLike, culprit: str = ""
) -> tuple[str, int] | None:
    """Return template and line (from 1) that `line` (from 1) of the generated `text` comes from.

    `folder` has the templates; that which a marker names by its path in the repository, a Python
    module, lies beside it. Of several template lines that were joined to one, that which has
    `culprit` is preferred. None where there is no marker, or nothing tells.
    """
    lines = text.splitlines()
    wanted, name = _normal(lines[line - 1]), template_at(text, line)
    if not wanted or name is None or MARKER.match(wanted):
        return None
    candidates = list(_candidates(Path(folder), name))
    scored = [(_evidence(each.pieces, wanted), each) for each in candidates]
    scored = [(score, each) for score, each in scored if _is_enough(score, each, wanted)]
    if culprit and culprit in wanted:
        # Where no template has it, it came with a value, and only most of a line tells which.
        having = [(score, each) for score, each in scored if _has(each, culprit)]
        scored = having or [(score, each) for score, each in scored if 2 * score > len(wanted)]
    # A macro's text within a line of this template's own is told of as that line.
    scored = [(score, each) for score, each in scored if each.template == name] or scored
    if not scored:
        return None
    most = max(score for score, _ in scored)
    best = [each for score, each in scored if score == most]
    if len({each[:2] for each in best}) > 1:
        best = _by_surroundings(best, candidates, lines, line)
    return best[0][:2] if len({each[:2] for each in best}) == 1 else None


def _normal(text: str) -> str:
    return " ".join(text.split())


def _has(line: Line, culprit: str) -> bool:
    return any(culprit in piece for piece in line.pieces)


def _candidates(folder: Path, name: str) -> Iterator[Line]:
    """Yield the lines of a template and of those that it imports macros from."""
    path = folder / name if name.endswith(".j2") else folder.parent / name
    if not path.is_file():
        return
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from _of_module(name, source)
        return
    yield from _of_template(name, source)
    for used in dict.fromkeys(_USED.findall(source)):
        if used != name and (folder / used).is_file():
            yield from _of_template(used, (folder / used).read_text(encoding="utf-8"))


@functools.cache
def _of_template(name: str, source: str) -> list[Line]:
    lines = _TAG.sub(_hole, source).split("\n")
    return [Line(name, number, _pieces(line)) for number, line in enumerate(lines, 1)]


def _hole(tag: re.Match) -> str:
    ends = tag[0].count("\n")
    return _HOLE + "\n" * ends + (_HOLE if ends else "")


def _pieces(line: str) -> tuple[str, ...]:
    return tuple(piece for part in line.split(_HOLE) if (piece := _normal(part)))


@functools.cache
def _of_module(name: str, source: str) -> list[Line]:
    tree = ast.parse(source)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        Line(name, node.lineno, (piece,))
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documentation
        for part in node.value.splitlines()
        if (piece := _normal(part))
    ]


def _evidence(pieces: tuple[str, ...], text: str) -> int:
    """Return how many characters of the pieces are in the text, 0 unless all are, in order."""
    place = 0
    for piece in pieces:
        found = text.find(piece, place)
        if found < 0:
            return 0
        place = found + len(piece)
    return sum(map(len, pieces))


def _is_enough(score: int, line: Line, text: str) -> bool:
    if score in (0, len(text)):
        return score > 0
    # A caption begins with its own words, and ends with a macro's, which may be many more.
    if text.startswith(line.pieces[0]):
        return score >= _ENOUGH
    return score >= max(_ENOUGH_WITHIN, _SHARE * len(text))


def _by_surroundings(
    equal: list[Line], candidates: list[Line], lines: list[str], line: int
) -> list[Line]:
    """Return those of equal template lines whose neighbours are also in the generated text."""
    above = _normal(" ".join(lines[max(line - 1 - _NEAR, 0) : line - 1]))
    below = _normal(" ".join(lines[line : line + _NEAR]))

    def shared(each: Line) -> int:
        near = [c for c in candidates if c.template == each.template]
        return sum(
            _evidence(c.pieces, above if c.number < each.number else below)
            for c in near
            if 0 < abs(c.number - each.number) <= _NEAR
        )

    scores = {each: shared(each) for each in equal}
    return [each for each, score in scores.items() if score == max(scores.values())]
