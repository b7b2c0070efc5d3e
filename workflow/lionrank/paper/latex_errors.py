"""What LaTeX complains about, and the lines of the templates where that stands.

The log of a run has its errors, undefined references and overfull boxes, with lines of what was
generated; the source maps beside that say which lines of the templates these come from.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lionrank.paper.source_map import SourceMap
from lionrank.wording import did_you_mean

INPUT = re.compile(r"(?<!\\)\\input\{([^}]+)\}")
COMMENT = re.compile(r"(?<!\\)%.*")

_ERROR = re.compile(r"^(?P<file>\S[^:]*\.\w+):(?P<line>\d+): +(?P<message>.+)$")
_STOP = "Emergency stop"
# Consequences of an error, never its cause.
_ECHOES = ("==> Fatal error occurred", _STOP, "Interruption")
_COMMAND_AT_END = re.compile(r"(\\[A-Za-z@]+)\s*$")
_UNDEFINED = re.compile(
    r"^(?:LaTeX|Package natbib) Warning: (Reference|Citation) [`'](.+?)' .*undef"
)
_REPEATED = re.compile(r"^LaTeX Warning: (Label) [`'](.+?)' multiply defined")
_BOX = re.compile(r"^(?:Over|Under)full \\[hv]box ")
_TALL = re.compile(r"^LaTeX Warning: Float too large for page ")
_LINES = re.compile(r"(?:at lines (\d+)--(\d+)|(?:detected at|on input) line (\d+))\.?\s*$")
# TeX prints a parenthesis and the name when it opens a file, and the other one at its end.
_OPEN_OR_CLOSE = re.compile(r"\(((?:\./|/)?[^\s(){}]+\.\w+)?|\)")
# How many lines TeX quotes of its input at most, macros within macros among them.
_QUOTED = 20
_COMMANDS = {
    "Reference": r"\\[A-Za-z]*ref\*?",
    "Citation": r"\\[A-Za-z]*cite[a-z]*\*?(?:\[[^]]*\])*",
    "Label": r"\\label",
}
# Such a comment begins a template.
_MARKER = re.compile(r"% template: ")
_LABEL = re.compile(r"\\label\{([^}]+)\}")
_ENTRY = re.compile(r"@\w+\s*\{\s*([^\s,]+)\s*,")
_BIBITEM = re.compile(r"\\bibitem(?:\[[^]]*\])?\{([^}]+)\}")
# A command in an argument is reported at the argument's end, which may be so many lines below.
_ARGUMENT = 40
# Words that tell where an argument began; its line may end after a few.
_MOST_WORDS = 6
_LEAST_WORDS = 2


@dataclass(frozen=True)
class LatexError:
    """One error: file and line of the generated text, and LaTeX's own lines.

    `culprit` is the command that an "Undefined control sequence" is about, else empty. `line` is
    None where LaTeX ran to the end of the file: `text` is then where it began to.
    """

    file: str
    line: int | None
    message: tuple[str, ...]
    culprit: str = ""
    text: str = ""


@dataclass(frozen=True)
class Dangling:
    """A key that is undefined (`kind` Reference or Citation) or defined twice (Label)."""

    kind: str
    key: str
    message: str


@dataclass(frozen=True)
class OverfullBox:
    """LaTeX's complaint; `lines` (from 1) are of `file`, the first may be of a file read in it."""

    message: str
    file: str | None
    lines: tuple[int, int] | None


def find_errors(log: str) -> list[LatexError]:
    """Return the errors in a log that was written with -file-line-error."""
    lines = log.splitlines()
    errors: list[LatexError] = []
    for index, line in enumerate(lines):
        if not (match := _ERROR.match(line)):
            continue
        message, quoted = match["message"].strip(), lines[index + 1 : index + 1 + _QUOTED]
        if message.startswith(_STOP) and not errors:
            # What LaTeX asks the user about, in vain here, has its place only at the stop.
            message = _unplaced(lines[:index]) or message
        elif message.startswith(_ECHOES):
            continue
        culprit = _culprit(quoted) if message.startswith("Undefined control sequence") else ""
        place = match["file"], int(match["line"])
        errors.append(LatexError(*place, (f"! {message}", *_context(quoted)), culprit))
    return errors or _runaways(lines)


def _unplaced(lines: list[str]) -> str | None:
    found = [line for line in lines if line.startswith("! ")]
    return found[-1].removeprefix("! ") if found else None


def _context(quoted: list[str]) -> list[str]:
    """Return what LaTeX quotes of the input: the line `l.<number>` and the one after it."""
    for index, line in enumerate(quoted):
        if line.startswith("l."):
            return [part.rstrip() for part in quoted[index : index + 2] if part.strip()]
    return []


def _culprit(quoted: list[str]) -> str:
    """Return the command at which TeX broke the first line that it quotes."""
    match = _COMMAND_AT_END.search(quoted[0]) if quoted else None
    return match[1] if match else ""


def _runaways(lines: list[str]) -> list[LatexError]:
    """Return the error of an argument that never ends, which has no line."""
    for index, line in enumerate(lines[:-3]):
        if line.startswith("Runaway ") and lines[index + 2].startswith("! File ended"):
            text = lines[index + 1].removesuffix(r"\ETC.").lstrip("{ ")
            message = (lines[index + 2], f"It began with: {text[:60].strip()}")
            files = [quote[4:].strip() for quote in lines[index:] if quote.startswith("<*> ")]
            return [LatexError(file, None, message, text=text) for file in files[:1]]
    return []


def find_dangling(log: str) -> list[Dangling]:
    """Return what the log says of undefined and doubly defined keys, each once, in its order."""
    found = {}
    for line in log.splitlines():
        if match := _UNDEFINED.match(line) or _REPEATED.match(line):
            how = "is defined more than once" if match[1] == "Label" else "is undefined"
            found[match[1], match[2]] = Dangling(
                match[1], match[2], f"{match[1]} `{match[2]}' {how}."
            )
    return list(found.values())


def find_boxes(log: str) -> list[OverfullBox]:
    """Return the overfull boxes and the floats that are longer than a page.

    They have the file that LaTeX was reading as it made each.
    """
    boxes: list[OverfullBox] = []
    files: list[str | None] = []
    in_box = False
    for line in log.splitlines():
        is_tall = bool(_TALL.match(line))
        if is_tall or _BOX.match(line):
            in_box = not is_tall
            if is_tall or line.startswith("Overfull"):
                current = next((name for name in reversed(files) if name), None)
                boxes.append(OverfullBox(line.rstrip(), current, _box_lines(line)))
        elif in_box:
            # The content of the box, whose parentheses open no file, ends with an empty line.
            in_box = bool(line.strip())
        else:
            _follow(line, files)
    return boxes


def _box_lines(message: str) -> tuple[int, int] | None:
    if not (match := _LINES.search(message)):
        return None
    first, last, only = match.groups()
    return (int(only), int(only)) if only else (int(first), int(last))


def _follow(line: str, files: list[str | None]) -> None:
    """Keep `files`, those that are open, up to date over a line of the log."""
    for match in _OPEN_OR_CLOSE.finditer(line):
        if match[0] != ")":
            files.append(match[1])
        elif files:
            files.pop()


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
    """Tells places of the paper whose main file is `source`, in terms of its templates.

    Where no source map lies beside a generated file, a place is a line of that.
    """

    source: Path
    bibliography: Path

    def of_error(self, error: LatexError) -> str:
        """Return the place of an error."""
        path = self.source.parent / error.file
        text = read(path)
        if path.suffix == ".bbl":
            return self._of_entry(text, error.line or 1)
        if error.line is None:
            found = _beginning(text, error.text)
            return _place(path, *found) if found else os.path.normpath(path)
        found = _command(text, error.line, error.culprit) if error.culprit else None
        return _place(path, *(found or (error.line, None)))

    def of_dangling(self, found: Dangling) -> list[str]:
        """Return a line for each place of a key that is undefined or doubly defined."""
        command, key = _COMMANDS[found.kind], re.escape(found.key)
        uses = re.compile(rf"{command}\{{(?:[^}}]*,)?\s*{key}\s*[,}}]")
        places = [
            _place(path, number, use.start())
            for path in included(self.source)
            for number, line in enumerate(read(path).splitlines(), 1)
            if (use := uses.search(line))
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
        used = [name for line in lines[first - 1 : last] for name in INPUT.findall(line)]
        made_by = {name: SourceMap.read(path.parent / name).place(1) for name in used}
        told = "".join(f", with {name} ({of.template})" for name, of in made_by.items() if of)
        return f"{box.message}: {_places(path, first, last)}{told}"

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


def _place(path: Path, line: int, column: int | None = None) -> str:
    """Return the place of a line (from 1) of a generated file, or of what is in a column of it."""
    lines, shown = read(path).splitlines(), os.path.normpath(path)
    ends = "" if line > len(lines) or lines[line - 1].strip() else "the paragraph that ends at "
    while 1 < line <= len(lines) and not lines[line - 1].strip():
        line -= 1
    found = SourceMap.read(path).place(line, column)
    generated = f"{shown}, line {line}"
    return ends + (f"{found.template}, line {found.line} ({generated})" if found else generated)


def _places(path: Path, first: int, last: int) -> str:
    """Return the place of several lines of a generated file, of the first where they scatter."""
    source_map = SourceMap.read(path)
    start, end = source_map.place(first), source_map.place(last)
    if start and end and start.template == end.template and start.line < end.line:
        generated = f"{os.path.normpath(path)}, lines {first} to {last}"
        return f"{start.template}, lines {start.line} to {end.line} ({generated})"
    return _place(path, first)


def _command(text: str, line: int, command: str) -> tuple[int, int] | None:
    """Return line (from 1) and column (from 0) of a command, the nearest at or above `line`."""
    there = re.compile(re.escape(command) + r"(?![A-Za-z@])")
    lines = text.splitlines()
    for number in range(min(line, len(lines)), max(line - _ARGUMENT, 0), -1):
        if found := there.search(lines[number - 1]):
            return number, found.start()
    return None


def _beginning(text: str, argument: str) -> tuple[int, int] | None:
    """Return where an argument begins: its first words, as many as are in one line alone."""
    lines, words = text.splitlines(), argument.split()
    for count in range(_MOST_WORDS, _LEAST_WORDS - 1, -1):
        beginning = " ".join(words[:count])
        found = [(n, line.find(beginning)) for n, line in enumerate(lines, 1) if beginning in line]
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
    while start > 1 and lines[start - 2].strip() and not _MARKER.match(lines[start - 2]):
        start -= 1
    return max(min(first, last), start), last
