import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from lionrank.characters import MATHEMATICS, normal
from lionrank.errors import UserError
from lionrank.paper.latex import breakable, compile_pdf, escape, quantities

needs_tex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")

PLAIN = r"""\documentclass{article}
\begin{document}
% template: sections/one.tex.j2
One.
% template: sections/two.tex.j2
%s
\end{document}
"""


def write(folder: Path, body: str, name: str = "main.tex") -> Path:
    source = folder / name
    source.write_text(PLAIN.replace("%s", body))
    return source


def build(source: Path, epoch: int = 1_700_000_000) -> list[str]:
    folder = source.parent
    return compile_pdf(source, folder / "main.pdf", folder / "main.log", folder / "refs.bib", epoch)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("R&D 5% $x_1 #{}", r"R\&D 5\% \$x\_1 \#\{\}"),
        (r"a\b~c^d", r"a\textbackslash{}b\textasciitilde{}c\textasciicircum{}d"),
        ("two\n\nparagraphs", "two paragraphs"),
        ("[8] of *", "{[}8{]} of {*}"),
        ("a--b, 'c''", "a-{}-b, 'c'{}'"),
        (
            "Phương Đường-lối, Łódź",
            r"\vietnamese{Phương} \vietnamese{Đường}-\vietnamese{lối}, Łódź",
        ),
        ("2 ≤ β₁", r"2 \ensuremath{\leq} \ensuremath{\beta}\ensuremath{_1}"),
        ("e\u0301", "\xe9"),
        ("a\x07\u4e2d", r"a\lacking{0007}\lacking{4E2D}"),
        (Markup(r"\emph{as it is}"), r"\emph{as it is}"),
        (12, "12"),
    ],
)
def test_escape(text, expected):
    assert escape(text) == expected


# Every piece that `escape` may print, and what it stands for.
PIECES = re.compile(
    r"\\vietnamese\{(?P<word>[^{}]+)\}|\\lacking\{(?P<lacking>[0-9A-F]+)\}"
    r"|\\ensuremath\{(?P<sign>[^{}]+)\}|\{(?P<guarded>[][*])\}|\\(?P<special>[{}$&#%_])"
    r"|\\(?P<name>text[a-z]+)\{\}|(?P<plain>[^][*{}$&#%_\\~^\"<>|`])|\{\}"
)
NAMES = {
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textquotedbl": '"',
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textasciigrave": "`",
}
SIGNS = {command: sign for sign, command in MATHEMATICS.items()}


def printed(piece: re.Match) -> str:
    found = piece[piece.lastgroup] if piece.lastgroup else ""
    read = {"lacking": lambda: chr(int(found, 16)), "sign": lambda: SIGNS[found]}
    return read.get(piece.lastgroup, lambda: NAMES.get(found, found))()


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.text(st.characters() | st.sampled_from("[]*-',`\\{}$ơễα≤\n"), max_size=30))
def test_whatever_is_escaped_is_all_there_and_commands_nothing(text):
    escaped = str(escape(text))
    assert PIECES.sub("", escaped) == ""
    assert PIECES.sub(printed, escaped) == normal(text)
    assert not re.search("--|''|,,", escaped)
    assert not re.search("--|''|,,", breakable(escaped))


def test_quantities_in_words_become_those_of_siunitx():
    assert quantities("1 min") == r"\qty{1}{\minute}"
    assert quantities("1 h 2 min") == r"\qty{1}{\hour}~\qty{2}{\minute}"
    assert quantities("0 s") == r"\qty{0}{\second}"
    assert quantities("9.9 GiB") == r"\qty{9.9}{\gibi\byte}"


def test_without_latexmk_there_is_one_line_to_run(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        UserError, match=r"sudo apt-get install .*latexmk .*texlive-science"
    ) as caught:
        build(write(tmp_path, "Two."))
    assert "\n" not in str(caught.value)


@needs_tex
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (r"\input{nosuch.sty}", "sudo apt-get install"),
        (r"\font\x=nosuchfont \x x", "sudo apt-get install"),
        (r"\fontencoding{T1}\fontfamily{nosuch}\selectfont\def\a{\a x}\a", "a text is too long"),
    ],
)
def test_what_the_machine_lacks_has_its_remedy(tmp_path, body, message):
    with pytest.raises(UserError, match=message):
        build(write(tmp_path, body))


@needs_tex
def test_latex_that_the_system_ends_is_told_in_words(tmp_path, monkeypatch):
    (tmp_path / "pdflatex").write_text("#!/bin/sh\nkill -9 $$\n")
    (tmp_path / "pdflatex").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(UserError, match="for lack of memory"):
        build(write(tmp_path, "Two."))


FULL_DISK = """
import sys
from pathlib import Path
from lionrank.errors import UserError
from lionrank.paper.latex import compile_pdf
try:
    compile_pdf(*(Path(sys.argv[1]) / f"main.{kind}" for kind in ("tex", "pdf", "log", "bib")))
except UserError as error:
    print(error)
"""


@needs_tex
@pytest.mark.parametrize("size", [100, 40])
def test_a_full_disk_is_named(tmp_path, size):
    source = write(tmp_path, r"\newcount\n\loop x\newpage\advance\n1 \ifnum\n<5000\repeat")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", disk]).returncode:
        pytest.skip("this user may not mount anything, not even in a namespace of their own")
    told = subprocess.run(
        [
            *("unshare", "-rm", "sh", "-c"),
            f'mount -t tmpfs -o size={size}k tmpfs "$1" && cp "$2" "$1" && "$3" -c "$4" "$1"',
            *("sh", disk, source, sys.executable, FULL_DISK),
        ],
        capture_output=True,
        text=True,
    )
    assert re.search("disk.* is full|No space left on device", told.stdout)
    assert "make room" in told.stdout
    assert "Traceback" not in told.stderr


@needs_tex
def test_an_error_spares_the_old_pdf_and_leaves_no_other_file(tmp_path):
    (tmp_path / "main.pdf").write_bytes(b"old")
    with pytest.raises(UserError) as caught:
        build(write(tmp_path, r"Two \nosuchmacro and more."))
    lines = str(caught.value).splitlines()
    assert lines[0].endswith("main.tex, line 6: ! Undefined control sequence.")
    assert lines[1] == r"  l.6 Two \nosuchmacro"
    assert len(lines) == 4
    assert (tmp_path / "main.pdf").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["main.log", "main.pdf", "main.tex"]


@needs_tex
def test_an_error_in_an_included_file_names_that_file(tmp_path):
    (tmp_path / "table.tex").write_text("One.\n\\nosuchmacro\n")
    with pytest.raises(UserError, match=r"table\.tex, line 2: "):
        build(write(tmp_path, r"\input{table.tex}"))


@needs_tex
def test_the_references_lie_beside_the_pdf_and_are_made_anew(tmp_path):
    (tmp_path / "main.bbl").write_text(r"\begin{thebibliography}{1}\end{thebibliography}")
    (tmp_path / "refs.bib").write_text("@misc{a, title={A}, author={B, C}, year={2000}}\n")
    build(write(tmp_path, r"\cite{a}\bibliographystyle{plain}\bibliography{refs}"))
    assert r"\bibitem{a}" in (tmp_path / "main.bbl").read_text()
    told = subprocess.run(["pdftotext", tmp_path / "main.pdf", "-"], capture_output=True, text=True)
    assert "[1] C B. A, 2000." in " ".join(told.stdout.split())


@needs_tex
@pytest.mark.parametrize("name", ["a b", "a,b", "a:b", "a;b", "a$b", "a~b", "a#b", "a%b", "ж"])
def test_paper_and_bibliography_may_lie_below_any_path(tmp_path, name):
    source, bibliography = tmp_path / name / "run", tmp_path / name / "clone" / "refs.bib"
    for folder in (source, bibliography.parent):
        folder.mkdir(parents=True)
    bibliography.write_text("@misc{a, title={A}, author={B, C}, year={2000}}\n")
    body = r"\cite{a}\bibliographystyle{plain}\bibliography{refs}"
    tex, pdf = write(source, body), source / "main.pdf"
    assert compile_pdf(tex, pdf, source / "main.log", bibliography) == []


@needs_tex
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (r"See~\ref{nowhere}.", r"Reference `nowhere'"),
        (r"See~\cite{nobody}.\bibliographystyle{plain}\bibliography{refs}", "Citation `nobody'"),
        (r"\bibliographystyle{plain}\bibliography{absent}", "absent.bib"),
        (r"\includegraphics{absent}", "Undefined control sequence"),
    ],
)
def test_what_would_print_as_a_question_mark_is_an_error(tmp_path, body, message):
    (tmp_path / "refs.bib").write_text("@misc{a, title={A}, author={B, C}, year={2000}}\n")
    with pytest.raises(UserError, match=message):
        build(write(tmp_path, body))
    assert not (tmp_path / "main.pdf").exists()


@needs_tex
def test_overfull_boxes_are_returned(tmp_path):
    assert build(write(tmp_path, "Fits.")) == []
    complaints = build(write(tmp_path, r"\hbox to 3cm{\rule{5cm}{1pt}}\hspace{-2cm}"))
    assert len(complaints) == 1
    assert complaints[0].startswith("Overfull")


@needs_tex
def test_a_float_that_is_longer_than_a_page_is_returned_with_its_place(tmp_path):
    tall = "\\begin{figure}\n\\rule{1pt}{2\\textheight}\n\\end{figure}"
    (complaint,) = build(write(tmp_path, tall))
    assert "too large for page" in complaint and "main.tex, line" in complaint


@needs_tex
def test_two_builds_in_different_folders_have_the_same_bytes(tmp_path):
    digests = set()
    for name in ("here", "there"):
        folder = tmp_path / name
        folder.mkdir()
        build(write(folder, r"\pdftrailerid{}\today"))
        digests.add(hashlib.sha256((folder / "main.pdf").read_bytes()).hexdigest())
    assert len(digests) == 1
