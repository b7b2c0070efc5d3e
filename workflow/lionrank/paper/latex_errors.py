"""Where in the templates that which LaTeX complains about stands, in words."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lionrank.paper.latex_log import Dangling, LatexError, OverfullBox
from lionrank.paper.template_lines import MARKER, find_line, template_at
from lionrank.wording import did_you_mean

INPUT = re.compile(r"(?<!\\)\\input\{([^}]+)\}")
COMMENT = re.compile(r"(?<!\\)%.*")
_COMMANDS = {
    "Reference": r"\\[A-Za-z]*ref\*?",
    "Citation": r"\\[A-Za-z]*cite[a-z]*\*?(?:\[[^]]*\])*",
    "Label": r"\\label",
}
_LABEL = re.compile(r"\\label\{([^}]+)\}")
_ENTRY = re.compile(r"@\w+\s*\{\s*([^\s,]+)\s*,")
_BIBITEM = re.compile(r"\\bibitem(?:\[[^]]*\])?\{([^}]+)\}")
# A command in an argument is reported at the argument's end, which may be so many lines below.
_ARGUMENT = 40
# Words that tell where an argument began; its line may end after a few.
_MOST_WORDS = 6
_LEAST_WORDS = 2


def read(path: Path) -> str:
    """Return the text of a file that LaTeX read or wrote, empty where there is none."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def included(source: str | os.PathLike) -> Iterator[Path]:
    """Yield a LaTeX file, and the files that it and those in turn take in with \\input."""
    path = Path(source)
    yield path
    for name in INPUT.findall(COMMENT.sub("", read(path))):
        yield from included(path.parent / name)


@dataclass(frozen=True)
class Places:
    """Tells places of the paper whose main file is `source`.

    `templates` is the folder of the templates, None where there is none; then a place is a line of
    the generated files, with the template of their marker.
    """

    source: Path
    bibliography: Path
    templates: Path | None

    def of_error(self, error: LatexError) -> str:
        """Return the place of an error."""
        path = self.source.parent / error.file
        text = read(path)
        if path.suffix == ".bbl":
            return self._of_entry(text, error.line or 1)
        line = error.line
        if line is None:
            line = _beginning(text, error.text)
        elif error.culprit:
            line = _with_command(text, line, error.culprit)
        return os.path.normpath(path) if line is None else self._of_line(path, line, error.culprit)

    def of_dangling(self, found: Dangling) -> list[str]:
        """Return a line for each place of a key that is undefined or doubly defined."""
        command, key = _COMMANDS[found.kind], re.escape(found.key)
        uses = re.compile(rf"{command}\{{(?:[^}}]*,)?\s*{key}\s*[,}}]")
        places = [
            self._of_line(path, number)
            for path in included(self.source)
            for number, line in enumerate(read(path).splitlines(), 1)
            if uses.search(line)
        ]
        told = found.message + self._suggestion(found)
        return [f"{place}: {told}" for place in places] or [told]

    def of_box(self, box: OverfullBox) -> str:
        """Return the complaint about an overfull box with the place of what is in it."""
        if box.file is None or box.lines is None:
            return box.message
        path, (first, last) = self.source.parent / box.file, box.lines
        if path.suffix == ".bbl" and first <= last:
            return f"{box.message}: {self._of_entry(read(path), last)}"
        if first > last:
            # The paragraph went on into a file that is read after it, as the references are.
            path, last = self.source, first
        lines = read(path).splitlines()
        first, last = _paragraph(lines, first, last)
        place = self._of_lines(path, lines, first, last)
        tables = [name for line in lines[first - 1 : last] for name in INPUT.findall(line)]
        origins = [f"{name} ({self._marker(path.parent / name)})" for name in tables]
        return f"{box.message}: {place}" + "".join(f", with {each}" for each in origins)

    def _of_line(self, path: Path, line: int, culprit: str = "") -> str:
        text, shown = read(path), os.path.normpath(path)
        lines = text.splitlines()
        ends = "" if line > len(lines) or lines[line - 1].strip() else "the paragraph that ends at "
        while 1 < line <= len(lines) and not lines[line - 1].strip():
            line -= 1
        found = self._find(text, line, culprit)
        if found:
            return f"{ends}{found[0]}, line {found[1]} ({shown}, line {line})"
        template = template_at(text, line)
        return f"{ends}{shown}, line {line}" + (f" (from {template})" if template else "")

    def _of_lines(self, path: Path, lines: list[str], first: int, last: int) -> str:
        text, shown = "\n".join(lines), os.path.normpath(path)
        found = [self._find(text, line) for line in (first, last)]
        if None not in found and found[0][0] == found[1][0] and found[0][1] < found[1][1]:
            (name, start), (_, end) = found
            return f"{name}, lines {start} to {end} ({shown}, lines {first} to {last})"
        return self._of_line(path, first)

    def _find(self, text: str, line: int, culprit: str = "") -> tuple[str, int] | None:
        if self.templates is None or not 1 <= line <= len(text.splitlines()):
            return None
        return find_line(text, line, self.templates, culprit)

    def _marker(self, path: Path) -> str:
        return template_at(read(path), 1) or "from no template"

    def _of_entry(self, bbl: str, line: int) -> str:
        """Return the place of the entry that a line of BibTeX's output comes from."""
        keys = [key for part in bbl.splitlines()[:line] for key in _BIBITEM.findall(part)]
        if not keys:
            return os.path.normpath(self.bibliography)
        entry = re.compile(r"@\w+\s*\{\s*" + re.escape(keys[-1]) + r"\s*,")
        for number, text in enumerate(read(self.bibliography).splitlines(), 1):
            if entry.search(text):
                return f"{os.path.normpath(self.bibliography)}, line {number}"
        return f"{os.path.normpath(self.bibliography)}, entry {keys[-1]}"

    def _suggestion(self, found: Dangling) -> str:
        if found.kind == "Citation":
            known = _ENTRY.findall(read(self.bibliography))
        elif found.kind == "Reference":
            known = [key for path in included(self.source) for key in _LABEL.findall(read(path))]
        else:
            return ""
        hint = did_you_mean(found.key, known)
        return f" {hint[0].upper()}{hint[1:]}" if hint else ""


def _with_command(text: str, line: int, command: str) -> int:
    """Return the nearest line at or above `line` that has the command, or `line` itself."""
    there = re.compile(re.escape(command) + r"(?![A-Za-z@])")
    lines = text.splitlines()
    for number in range(min(line, len(lines)), max(line - _ARGUMENT, 0), -1):
        if there.search(lines[number - 1]):
            return number
        if number < line and MARKER.match(lines[number - 1]):
            break
    return line


def _beginning(text: str, argument: str) -> int | None:
    """Return the one line in which an argument begins, by as many of its first words as do."""
    lines, words = text.splitlines(), argument.split()
    for count in range(_MOST_WORDS, _LEAST_WORDS - 1, -1):
        beginning = " ".join(words[:count])
        found = [number for number, line in enumerate(lines, 1) if beginning in line]
        if len(found) == 1 and len(words) >= count:
            return found[0]
    return None


def _paragraph(lines: list[str], first: int, last: int) -> tuple[int, int]:
    """Return the lines of a box without the empty ones at its ends.

    A box that ends outside the file in which it began has the first line of that file: it is taken
    to begin where the paragraph of the last line does.
    """
    last = min(last, len(lines))
    while last > 1 and not lines[last - 1].strip():
        last -= 1
    start = last
    while start > 1 and lines[start - 2].strip() and not MARKER.match(lines[start - 2]):
        start -= 1
    return max(min(first, last), start), last
