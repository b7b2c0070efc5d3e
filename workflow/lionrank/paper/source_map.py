"""Which line of which template generated LaTeX comes from.

A template is read with a mark before each piece of its text. The marks pass through rendering, and
are then read off and taken out: what is left is what the template gives without them.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import jinja2

from lionrank.characters import described
from lionrank.files import atomic_write, read_json

# A mark is one character for each line of a template, from a plane reserved for private use: no
# value has one, for `lionrank.paper.latex.escape` lets none through.
_FIRST, _LAST = 0xF0000, 0xFFFFD
_MARK = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")


class Place(NamedTuple):
    """A line (from 1) of a template, whose name is relative to the folder of the templates."""

    template: str
    line: int


class Marking(jinja2.FileSystemLoader):
    """Reads the templates of a folder with marks; `places` has what each of them stands for."""

    def __init__(self, folder: str | os.PathLike):
        super().__init__(folder)
        self.places: list[Place] = []

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """Return source, file and whether it is current, as jinja asks of a loader."""
        source, path, is_current = super().get_source(environment, template)
        marks = [chr(_FIRST + len(self.places) + line) for line in range(source.count("\n") + 1)]
        self.places += [Place(template, line) for line in range(1, len(marks) + 1)]
        return "".join(_marked(source, environment, marks)), path, is_current


def _marked(source: str, environment: jinja2.Environment, marks: Sequence[str]) -> Iterator[str]:
    """Yield the pieces of a template, each line of its text behind the mark of the line.

    So is a value that begins a line; other tags have no marks. White space stays before the mark,
    where a tag can take it away.
    """
    value = re.compile(re.escape(environment.variable_start_string) + "(?!-)")
    line = position = 0
    for number, piece in enumerate(_tags(environment).split(source)):
        if number % 2 == 0:
            texts = enumerate(piece.split("\n"), start=line)
            yield "\n".join(re.sub(r"(?=\S)", marks[each], text, count=1) for each, text in texts)
        else:
            begins = not source[source.rfind("\n", 0, position) + 1 : position].strip()
            yield marks[line] * bool(begins and value.match(piece)) + piece
        line += piece.count("\n")
        position += len(piece)


def _tags(environment: jinja2.Environment) -> re.Pattern:
    pairs = (
        (environment.block_start_string, environment.block_end_string),
        (environment.variable_start_string, environment.variable_end_string),
        (environment.comment_start_string, environment.comment_end_string),
    )
    either = "|".join(f"{re.escape(start)}.*?{re.escape(end)}" for start, end in pairs)
    return re.compile(f"({either})", re.DOTALL)


@dataclass(frozen=True)
class SourceMap:
    """Where the pieces of a generated file come from.

    `lines` has the pieces of each line: the column (from 0) in which one begins, template and line.
    """

    lines: Sequence[Sequence[tuple[int, str, int]]]

    def place(self, line: int, column: int | None = None) -> Place | None:
        """Return where the text in a column (from 0) of a line (from 1) comes from.

        Without a column, that is where the line's own first text does. None before all text.
        """
        for number in range(min(line, len(self.lines)), 0, -1):
            pieces = self.lines[number - 1]
            if number == line:
                limit = (pieces[0][0] if pieces else 0) if column is None else column
                pieces = [piece for piece in pieces if piece[0] <= limit]
            if pieces:
                return Place(*pieces[-1][1:])
        return None

    @classmethod
    def read(cls, tex: str | os.PathLike) -> "SourceMap":
        """Read the map that lies beside a file, without any line where there is none."""
        path = _beside(tex)
        return cls(read_json(path)["lines"] if path.is_file() else [])


class Rendered(NamedTuple):
    """A text that was made of a template, and where it comes from."""

    text: str
    source_map: SourceMap

    def write(self, tex: str | os.PathLike) -> None:
        """Write the text into the file `tex`, and its map beside that, as `{tex}.map`.

        The characters of the text for which the paper has a sign only are told.
        """
        if found := [chr(int(code, 16)) for code in re.findall(r"\\lacking\{(\w+)\}", self.text)]:
            named = ", ".join(map(described, dict.fromkeys(found)))
            print(f"{tex}: {len(found)} characters cannot be set and have a sign instead: {named}")
        with atomic_write(tex) as handle:
            handle.write(self.text)
        with atomic_write(_beside(tex)) as handle:
            json.dump({"lines": self.source_map.lines}, handle)


def _beside(tex: str | os.PathLike) -> Path:
    return Path(f"{os.fspath(tex)}.map")


def read_off(marked: str, places: Sequence[Place]) -> Rendered:
    """Return a text without the marks that `Marking` put into its templates, and its map."""
    lines = [
        # The marks before one are no part of the text.
        [(m.start() - before, *places[ord(m[0]) - _FIRST]) for before, m in enumerate(found)]
        for found in map(_MARK.finditer, marked.split("\n"))
    ]
    return Rendered(unmarked(marked), SourceMap(lines))


def unmarked(text: str) -> str:
    """Return a text without any mark."""
    return _MARK.sub("", text)
