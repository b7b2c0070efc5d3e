"""What LaTeX makes of one table of the paper: how large it is, and what it complains of."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lionrank.paper.latex import compile_pdf
from tests.support.papers import PAPER

COLUMN, PAGE = 252.0, (516.0, 696.0)
"""Width of a column, and width and height of a page's text, in points."""
MAIN = (PAPER / "main.tex.j2").read_text(encoding="utf-8")
# The class, the packages and what numbers look like; what follows is rendered.
PREAMBLE = MAIN[MAIN.index(r"\documentclass") : MAIN.index(r"\hypersetup")]

# The page of the paper, as far as tables depend on it.
DOCUMENT = r"""\documentclass[conference]{IEEEtran}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage{amsmath}
\usepackage{array}
\usepackage{booktabs}
\usepackage{siunitx}
\sisetup{mode = text, group-digits = integer, group-minimum-digits = 4, group-separator = {,}}
\begin{document}
"""


class Size(NamedTuple):
    """Points."""

    width: float
    height: float


def size_of(table: str, folder: Path) -> Size:
    """Typeset a table at its size in the paper, in the paper's own preamble, and measure it."""
    (folder / "table.tex").write_text(table, encoding="utf-8")
    lines = [
        PREAMBLE,
        r"\begin{document}\footnotesize",
        r"\sbox0{\input{table.tex}}",
        r"\typeout{SIZE \the\wd0 \space\the\ht0 \space\the\dp0}",
        r"\begin{table*}\centering\input{table.tex}\end{table*}",
        r"\end{document}",
    ]
    (folder / "size.tex").write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "size.tex"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    width, *heights = re.findall(
        r"([\d.]+)pt", re.search(r"^SIZE .*", done.stdout, re.MULTILINE)[0]
    )
    return Size(float(width), sum(map(float, heights)))


def overfull(folder: Path, tables: Sequence[str], star: str = "", gap: str = "3pt") -> list[str]:
    """Return LaTeX's complaints about tables of the width of a column or, starred, of a page.

    `gap` is half the space between columns.
    """
    body = []
    for place, table in enumerate(tables):
        (folder / f"t{place}.tex").write_text(table)
        body.append(
            rf"\begin{{table{star}}}\caption{{T}}\centering\footnotesize"
            rf"\setlength{{\tabcolsep}}{{{gap}}}\input{{t{place}.tex}}\end{{table{star}}}"
        )
    body += ["Text.", r"\end{document}", ""]
    (folder / "main.tex").write_text(DOCUMENT + "\n".join(body))
    (folder / "refs.bib").touch()
    paths = (folder / name for name in ("main.tex", "main.pdf", "main.log", "refs.bib"))
    return compile_pdf(*paths)
