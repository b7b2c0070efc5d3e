"""LaTeX: escaping of foreign text, compiling to PDF, and errors that a person can act on."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from lionrank.errors import UserError

INSTALL = (
    "latexmk is not installed, so the paper cannot be compiled. On Debian or Ubuntu run: "
    "sudo apt-get install -y --no-install-recommends latexmk texlive-latex-recommended "
    "texlive-latex-extra texlive-fonts-recommended texlive-publishers texlive-science"
)
# Generated files name their origin in such comment lines, which errors are traced back to.
MARKER = re.compile(r"^% template: (\S.*)$")

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    '"': r"\textquotedbl{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
} | {character: "\\" + character for character in "{}$&#%_"}

_ERROR = re.compile(r"^(?P<file>\S[^:]*\.\w+):(?P<line>\d+): (?P<message>.+)$")
_BAD_BOX = re.compile(r"^Overfull \\[hv]box .*")
_UNDEFINED = re.compile(r"^(?:LaTeX|Package natbib) Warning: (?:Citation|Reference) .* undefined")
_BIBTEX = re.compile(r"^(?:I couldn't open .*|I found no .*|.*---line \d+ of file .*)$")
# Consequences of an error, never its cause.
_ECHOES = ("==> Fatal error occurred", "Emergency stop", "Interruption")


def escape(text: object) -> Markup:
    """Return `text` as LaTeX that prints it; what is Markup already is returned as it is.

    Runs of white space, line ends among them, become one space: a blank line from outside would
    end a paragraph in the middle of an argument.
    """
    if isinstance(text, Markup):
        return text
    plain = re.sub(r"\s+", " ", str(text))
    return Markup("".join(_ESCAPES.get(c, c) for c in plain if c.isprintable()))


@dataclass(frozen=True)
class LatexError:
    """One error of a LaTeX run: file and line of the generated text, and LaTeX's own lines."""

    file: str
    line: int
    message: tuple[str, ...]


def compile_pdf(
    source: str | os.PathLike,
    pdf: str | os.PathLike,
    log: str | os.PathLike,
    bibliography: str | os.PathLike,
    epoch: int | None = None,
) -> list[str]:
    """Compile `source` to `pdf` and return the complaints about overfull boxes.

    LaTeX writes into a folder of its own beside `source`, and `pdf` is replaced only by a
    finished file; LaTeX's own log is kept as `log` in either case. `epoch`, in seconds since 1970,
    is the date that the PDF bears, so that two builds are identical byte by byte.

    Raises:
        UserError: latexmk is missing, LaTeX or BibTeX found an error, or a citation or a
            reference is undefined.
    """
    source, pdf = Path(source), Path(pdf)
    if shutil.which("latexmk") is None:
        raise UserError(INSTALL)
    with tempfile.TemporaryDirectory(prefix=".latex-", dir=source.parent) as folder:
        build = Path(folder)
        status, output = _latexmk(source, build.name, Path(bibliography), epoch)
        text = _read(build / f"{source.stem}.log")
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        Path(log).write_text(text or output, encoding="utf-8")
        _raise_on_errors(source, text, _read(build / f"{source.stem}.blg"), status, Path(log))
        os.replace(build / f"{source.stem}.pdf", pdf)
    return [line for line in text.splitlines() if _BAD_BOX.match(line)]


def _latexmk(source: Path, folder: str, bibliography: Path, epoch: int | None) -> tuple[int, str]:
    """Run latexmk beside `source`; return its exit status and what it printed."""
    command = ["latexmk", "-norc", "-pdf", "-bibtex", f"-outdir={folder}"]
    command += ["-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
    environment = os.environ | {
        "BIBINPUTS": f"{bibliography.resolve().parent}{os.pathsep}",
        "SOURCE_DATE_EPOCH": str(epoch or 0),
        "FORCE_SOURCE_DATE": "1",
        # TeX breaks the lines of its log at 79 characters, in the middle of names.
        "max_print_line": "1000",
        "error_line": "254",
        "half_error_line": "238",
    }
    done = subprocess.run(
        [*command, source.name],
        cwd=source.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _raise_on_errors(source: Path, log: str, bibtex_log: str, status: int, kept: Path) -> None:
    errors = find_errors(log)
    if errors:
        parts = [_describe(error, source.parent) for error in errors]
    else:
        parts = [line for line in bibtex_log.splitlines() if _BIBTEX.match(line)]
        parts += sorted({line for line in log.splitlines() if _UNDEFINED.match(line)})
    if status and not parts:
        parts = [line for line in log.splitlines() if line.startswith("!")]
        parts = parts or [f"latexmk ended with status {status}."]
    if parts:
        raise UserError("\n".join([*parts, f"The whole log is {kept}."]))


def find_errors(log: str) -> list[LatexError]:
    """Return the errors in a log that was written with -file-line-error."""
    lines = log.splitlines()
    errors = []
    for index, line in enumerate(lines):
        if (match := _ERROR.match(line)) and not match["message"].strip().startswith(_ECHOES):
            message = (f"! {match['message']}", *_context(lines[index + 1 :]))
            errors.append(LatexError(match["file"], int(match["line"]), message))
    return errors


def _context(lines: list[str]) -> list[str]:
    """Return what LaTeX quotes of the input: the line `l.<number>` and the one after it."""
    for index, line in enumerate(lines[:12]):
        if line.startswith("l."):
            return [part.rstrip() for part in lines[index : index + 2] if part.strip()]
    return []


def _describe(error: LatexError, folder: Path) -> str:
    path = folder / error.file
    template = template_at(_read(path), error.line)
    origin = f" (from {template})" if template else ""
    place = f"{os.path.normpath(path)}, line {error.line}{origin}:"
    return "\n".join([place, *(f"  {line}" for line in error.message)])


def template_at(text: str, line: int) -> str | None:
    """Return the origin that the nearest marker at or above `line` (from 1) of `text` names."""
    for candidate in reversed(text.splitlines()[:line]):
        if match := MARKER.match(candidate):
            return match[1]
    return None
