"""What the log of a LaTeX run says: its errors, undefined references, and overfull boxes."""

import re
from dataclasses import dataclass

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
_LINES = re.compile(r"(?:at lines (\d+)--(\d+)|detected at line (\d+))\s*$")
# TeX prints a parenthesis and the name when it opens a file, and the other one at its end.
_OPEN_OR_CLOSE = re.compile(r"\(((?:\./|/)?[^\s(){}]+\.\w+)?|\)")
# How many lines TeX quotes of its input at most, macros within macros among them.
_QUOTED = 20


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
    errors = []
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
            found[match[1], match[2]] = Dangling(*match.groups(), f"{match[1]} `{match[2]}' {how}.")
    return list(found.values())


def find_boxes(log: str) -> list[OverfullBox]:
    """Return the overfull boxes, with the file that LaTeX was reading as it made each."""
    boxes: list[OverfullBox] = []
    files: list[str | None] = []
    in_box = False
    for line in log.splitlines():
        if _BOX.match(line):
            in_box = True
            if line.startswith("Overfull"):
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
