"""The characters that the paper can be set in, as the fonts of LaTeX and the figures have them."""

import re
import shutil
import subprocess
import unicodedata

import pytest
from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.style import context

from lionrank.characters import SETTABLE, described, lacking, normal
from lionrank.paper.latex import compile_pdf, escape
from tests.support.papers import PAPER
from tests.support.typeset import PREAMBLE

STYLES = (r"\textrm", r"\textbf", r"\textit", r"\texttt")
# An apostrophe is curly, hyphens and dashes of one length are one, and what looks alike is.
PRINTED = {"'": "’", "‐": "-", "‑": "-", "―": "—", "đ": "d̄", "Đ": "Ð", "Δ": "∆", "≠": "=\u0338"}


def test_what_cannot_be_set_is_told_once_and_by_name():
    assert lacking("Nguyễn, Łódź: β₂ ≤ 1 “€”") == []
    assert lacking("你好 你") == ["你", "好"]
    assert described("你") == "U+4F60 (CJK UNIFIED IDEOGRAPH-4F60)"
    assert described("\x07") == "U+0007 (which has no name)"


def test_accents_are_composed_and_white_space_is_a_space():
    assert normal("e\u0301 \n\t\xa0x") == "é x"
    assert lacking("e\u0301\n\u200b") == ["\u200b"]


def test_the_fonts_of_the_figures_have_every_character():
    with context(PAPER / "paper.mplstyle"):
        import matplotlib

        families = matplotlib.rcParams["font.family"]
    files = [findfont(FontProperties(family=family)) for family in families]
    drawn = set().union(*(TTFont(file).getBestCmap() for file in files))
    assert {character for character in SETTABLE if ord(character) not in drawn} == set()


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFKD", text).replace(" ", "")


def _reads(sign: str, read: str) -> bool:
    """Return whether a sign reads as itself, or as a letter and the accent that is drawn apart."""
    parts = [sorted(_decomposed(each)) for each in (sign, PRINTED.get(sign, sign))]
    found = sorted(_decomposed(read))
    if found in parts:
        return True
    # Below an accent, i has no dot.
    return sign.isalpha() and len(found) == 2 and _decomposed(sign)[0] in read.replace("ı", "i")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_latex_sets_every_character_in_every_style(tmp_path):
    signs = sorted(SETTABLE - set(" |"))
    lines = [f"{style}{{|{escape(sign)}|}}\n" for style in STYLES for sign in signs]
    (tmp_path / "main.tex").write_text(
        "\n".join([PREAMBLE, r"\begin{document}", *lines, r"\end{document}", ""]), encoding="utf-8"
    )
    (tmp_path / "refs.bib").touch()
    compile_pdf(*(tmp_path / name for name in ("main.tex", "main.pdf", "main.log", "refs.bib")))
    told = subprocess.run(
        ["pdftotext", "-raw", tmp_path / "main.pdf", "-"], capture_output=True, text=True
    ).stdout
    found = re.findall(r"\|(.+?)\|", "".join(told.split()))
    assert len(found) == len(STYLES) * len(signs)
    wrong = {
        (sign, read)
        for sign, read in zip(signs * len(STYLES), found, strict=True)
        if not _reads(sign, read)
    }
    assert not sorted(wrong), "".join(f"{a}={b} " for a, b in sorted(wrong))
    fonts = subprocess.run(["pdffonts", tmp_path / "main.pdf"], capture_output=True, text=True)
    assert "Type 3" not in fonts.stdout
