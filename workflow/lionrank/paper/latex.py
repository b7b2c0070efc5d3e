"""LaTeX: escaping of foreign text, compiling to PDF, and errors that a person can act on."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from markupsafe import Markup

from lionrank.characters import MATHEMATICS, SETTABLE, VIETNAMESE, normal
from lionrank.errors import UserError
from lionrank.files import scratch_folder
from lionrank.paper.latex_errors import (
    LatexError,
    Places,
    find_boxes,
    find_dangling,
    find_errors,
    read,
)

INSTALL = (
    "latexmk is not installed, so the paper cannot be compiled. On Debian or Ubuntu run: "
    "sudo apt-get install -y --no-install-recommends latexmk texlive-latex-recommended "
    "texlive-latex-extra texlive-fonts-recommended texlive-publishers texlive-science"
)

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    '"': r"\textquotedbl{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    # After \\ and as an argument in brackets, these would be read as commands' own.
    **{character: f"{{{character}}}" for character in "[]*"},
    **{character: f"\\{character}" for character in "{}$&#%_"},
}
_SIGNS = {sign: rf"\ensuremath{{{command}}}" for sign, command in MATHEMATICS.items()}
# Vietnamese words, in the letters that T5 has; two signs of which fonts make one; any other sign.
_T5 = "A-Za-zÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúýĂăĐđĨĩŨũỲỳ"
_VIETNAMESE = "".join(sorted(VIETNAMESE))
_PIECES = re.compile(
    f"(?P<word>[{_T5}]*[{_VIETNAMESE}][{_T5}{_VIETNAMESE}]*)|(?P<ligature>-(?=-)|'(?=')|,(?=,))|."
)

_UNITS = {"h": r"\hour", "min": r"\minute", "s": r"\second", "GiB": r"\gibi\byte"}

# Not the name of `source`: LaTeX would rather read what an earlier build left beside it, such as
# main.bbl, than what this one has just written.
_JOB = "latex"
_BIBTEX = re.compile(r"^(?:I couldn't open .*|I found no .*|.*---line \d+ of file .*)$")


def escape(text: object) -> Markup:
    """Return `text` as LaTeX that prints it; what is Markup already is returned as it is.

    Runs of white space, line ends among them, become one space: a blank line from outside would
    end a paragraph in the middle of an argument. A character that the paper cannot be set in
    becomes `\\lacking{...}` of its code point, which prints a square.
    """
    if isinstance(text, Markup):
        return text
    return Markup(_PIECES.sub(_set, normal(str(text))))


def _set(piece: re.Match[str]) -> str:
    match piece.lastgroup:
        case "word":
            return rf"\vietnamese{{{piece[0]}}}"
        case "ligature":
            return f"{piece[0]}{{}}"
    printed = _ESCAPES.get(piece[0]) or _SIGNS.get(piece[0])
    return printed or (piece[0] if piece[0] in SETTABLE else rf"\lacking{{{ord(piece[0]):04X}}}")


def metadata(text: str) -> Markup:
    """Return `text` as LaTeX that writes it into the properties of the PDF."""
    return Markup("".join(_ESCAPES.get(character, character) for character in normal(text)))


def breakable(latex: str) -> Markup:
    """Return LaTeX whose lines may break after the punctuation within its words."""
    return Markup(re.sub(r"(?<=\S)([-/.:?=&#]|\\_)(?=\S)", r"\1\\allowbreak{}", latex))


def quantities(text: str) -> Markup:
    """Return what `lionrank.wording` says in words, "1 h 5 min", as siunitx prints it."""
    words = text.split()
    pairs = zip(words[::2], words[1::2], strict=True)
    return Markup("~".join(rf"\qty{{{value}}}{{{_UNITS[unit]}}}" for value, unit in pairs))


def compile_pdf(
    source: str | os.PathLike,
    pdf: str | os.PathLike,
    log: str | os.PathLike,
    bibliography: str | os.PathLike,
    epoch: int | None = None,
) -> list[str]:
    """Compile `source` to `pdf` and return the complaints about overfull boxes.

    LaTeX writes into a folder of its own beside `source`, and `pdf` is replaced only by a
    finished file, with BibTeX's output of the same name (.bbl) beside it; LaTeX's own log is kept
    as `log` in either case. `epoch`, in seconds since 1970, is the date that the PDF bears, so
    that two builds are identical byte by byte. Complaints name lines of the templates where source
    maps lie beside the LaTeX.

    Raises:
        UserError: latexmk is missing, LaTeX or BibTeX found an error, or a citation or a
            reference is undefined or a label defined twice; names template and line.
    """
    source, pdf = Path(source), Path(pdf)
    places = Places(source, Path(bibliography))
    if shutil.which("latexmk") is None:
        raise UserError(INSTALL)
    with scratch_folder(source.with_name(pdf.name)) as build:
        status, output = _latexmk(source, build.name, Path(bibliography), epoch)
        text = read(build / f"{_JOB}.log")
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        Path(log).write_text(text or output, encoding="utf-8")
        _raise_on_errors(places, text, read(build / f"{_JOB}.blg"), status, Path(log))
        complaints = [places.of_box(box) for box in find_boxes(text)]
        if (references := build / f"{_JOB}.bbl").exists():
            os.replace(references, pdf.with_suffix(".bbl"))
        os.replace(build / f"{_JOB}.pdf", pdf)
    return complaints


def _latexmk(source: Path, folder: str, bibliography: Path, epoch: int | None) -> tuple[int, str]:
    """Run latexmk beside `source`; return its exit status and what it printed."""
    command = ["latexmk", "-norc", "-pdf", "-bibtex", f"-outdir={folder}", f"-jobname={_JOB}"]
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


def _raise_on_errors(places: Places, log: str, bibtex_log: str, status: int, kept: Path) -> None:
    if errors := find_errors(log):
        parts = [_described(error, places) for error in errors]
    else:
        parts = [line for line in bibtex_log.splitlines() if _BIBTEX.match(line)]
        parts += [line for found in find_dangling(log) for line in places.of_dangling(found)]
    if status and not parts:
        parts = [line for line in log.splitlines() if line.startswith("!")]
        parts = parts or [f"latexmk ended with status {status}."]
    if parts:
        raise UserError("\n".join([*parts, f"The whole log is {kept}."]))


def _described(error: LatexError, places: Places) -> str:
    first, *quoted = error.message
    return "\n".join([f"{places.of_error(error)}: {first}", *(f"  {line}" for line in quoted)])
