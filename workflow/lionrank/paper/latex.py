"""LaTeX: escaping of foreign text, compiling to PDF, and errors that a person can act on."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from markupsafe import Markup

from lionrank.characters import MATHEMATICS, SETTABLE, VIETNAMESE, normal
from lionrank.errors import UserError
from lionrank.files import atomic_write, scratch_folder
from lionrank.paper.latex_errors import (
    LatexError,
    Places,
    find_boxes,
    find_dangling,
    find_errors,
    read,
)
from lionrank.wording import listed

_APT = Path(__file__).parents[3] / "envs" / "apt.txt"
_TOOLS = ("latexmk", "pdflatex", "bibtex")

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
_STOPPED = (
    "pdflatex stopped without a word, as when the system ends it for lack of memory: "
    "free some, then run the same command again."
)
_BIBTEX = re.compile(r"^(?:I couldn't open .*|I found no .*|.*---line \d+ of file .*)$")


def _installing() -> str:
    """Return the line that installs the paper's TeX."""
    lines = _APT.read_text(encoding="utf-8").splitlines()
    names = [line.split("#")[0].strip() for line in lines]
    packages = [name for name in names if name.startswith(("latexmk", "texlive"))]
    return f"sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


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
    """Compile `source` to `pdf` and return the complaints about what is too wide or too long.

    LaTeX writes into a folder of its own beside `source`, and `pdf` is replaced only by a
    finished file, with BibTeX's output of the same name (.bbl) beside it; LaTeX's own log is kept
    as `log` in either case. `epoch`, in seconds since 1970, is the date that the PDF bears, so
    that two builds are identical byte by byte. Complaints name lines of the templates where source
    maps lie beside the LaTeX.

    Raises:
        UserError: TeX is not there in full, LaTeX or BibTeX found an error or no room to write, or
            a citation or a reference is undefined or a label defined twice; names template and
            line, or the remedy.
    """
    source, pdf = Path(source), Path(pdf)
    places = Places(source, Path(bibliography))
    if absent := [tool for tool in _TOOLS if shutil.which(tool) is None]:
        raise UserError(
            f"{listed(absent)} cannot be found, so the paper cannot be compiled. On Debian or "
            f"Ubuntu run: {_installing()}"
        )
    try:
        with scratch_folder(source.with_name(pdf.name)) as build:
            # BibTeX looks for it in a list of paths, where many a character has a meaning.
            (build / Path(bibliography).name).symlink_to(Path(bibliography).absolute())
            status, output = _latexmk(source, build.name, epoch)
            text = read(build / f"{_JOB}.log")
            with atomic_write(log) as handle:
                handle.write(f"{text}\n{output}" if status else text)
            _raise_on_errors(places, text, read(build / f"{_JOB}.blg"), status, output, Path(log))
            complaints = [places.of_box(box) for box in find_boxes(text)]
            if (references := build / f"{_JOB}.bbl").exists():
                os.replace(references, pdf.with_suffix(".bbl"))
            os.replace(build / f"{_JOB}.pdf", pdf)
    except OSError as error:
        raise UserError(
            f"{pdf} could not be made ({error.filename}: {error.strerror}): make room or fix the "
            "permissions, then run the same command again."
        ) from error
    return complaints


def _latexmk(source: Path, folder: str, epoch: int | None) -> tuple[int, str]:
    """Run latexmk beside `source`; return its exit status and what it printed."""
    command = ["latexmk", "-norc", "-pdf", "-bibtex", f"-outdir={folder}", f"-jobname={_JOB}"]
    command += ["-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
    environment = os.environ | {
        "BIBINPUTS": f"{folder}{os.pathsep}",
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


def _raise_on_errors(
    places: Places, log: str, bibtex_log: str, status: int, output: str, kept: Path
) -> None:
    if errors := find_errors(log):
        parts = [_described(error, places) for error in errors]
    else:
        parts = [line for line in bibtex_log.splitlines() if _BIBTEX.match(line)]
        parts += [line for found in find_dangling(log) for line in places.of_dangling(found)]
    if status and not parts:
        told = f"{log}\n{output}".splitlines()
        # TeX's own and those of the system; a consequence of them is no cause.
        parts = list(dict.fromkeys(line for line in told if line.startswith("!"))) or [_STOPPED]
    if parts:
        remedies = _remedies(f"{log}\n{output}", places.source.parent) if status else []
        raise UserError("\n".join([*parts, *remedies, f"The whole log is {kept}."]))


def _remedies(told: str, folder: Path) -> list[str]:
    """Return what to do about what is no mistake in the text but lacking on the machine."""
    known = {
        r"No space left on device|quota exceeded": f"The disk of {folder} is full: make room, then "
        "run the same command again.",
        r"(?:File|Encoding file) [`'][^']+\.(?:cls|def|fd|sty)' not found"
        r"|Metric \(TFM\) file not found|Font \S+ at \d+ not found"
        r"|can't find the format file": "TeX lacks a file of its own. On Debian or Ubuntu, "
        f"{_installing()} has all that the paper came with; `apt-file search NAME` tells which "
        "package has another.",
        r"TeX capacity exceeded": "TeX has no room for it: a text is too long, or a "
        "macro never ends.",
        r"I can't write on file|Permission denied": f"Make {folder} writable, then run the same "
        "command again.",
    }
    return [remedy for pattern, remedy in known.items() if re.search(pattern, told)]


def _described(error: LatexError, places: Places) -> str:
    first, *quoted = error.message
    return "\n".join([f"{places.of_error(error)}: {first}", *(f"  {line}" for line in quoted)])
