"""The paper's source for arXiv: whole, the same bytes each time, and a paper on its own."""

import io
import os
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from lionrank.errors import UserError
from lionrank.paper.latex import compile_pdf
from lionrank.release.arxiv import pack, used_files
from tests.support.running import run_snakemake

needs_tex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")

MAIN = r"""\documentclass{article}
\usepackage{graphicx}
\begin{document}
A sentence~\cite{known}, a table \input{tables/one.tex} and Figure~\ref{fig:one}.
% \input{tables/left_out.tex}
\begin{figure}
\includegraphics[width=2cm]{figures/one.pdf}
\caption{A caption.}
\label{fig:one}
\end{figure}
\bibliographystyle{plain}
\bibliography{refs}
\end{document}
"""
BIB = "@misc{known, title={A title}, author={B, C}, year={2000}}\n"
TIME = 1_700_000_000


@pytest.fixture
def paper(tmp_path) -> Path:
    """A folder with main.tex, what it takes in, and other files."""
    for name, text in {
        "paper/main.tex": MAIN,
        "paper/main.bbl": r"\begin{thebibliography}{1}\bibitem{known} C.\end{thebibliography}",
        "paper/tables/one.tex": r"of one \input{tables/inner.tex}",
        "paper/tables/inner.tex": "and another line",
        "paper/tables/left_out.tex": "never read",
        "paper/tables/one.csv": "a,b\n",
        "paper/provenance.json": "{}",
        "refs.bib": BIB,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "paper/figures").mkdir()
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([1, 2])
    for ending in ("pdf", "png"):
        figure.savefig(tmp_path / f"paper/figures/one.{ending}")
    return tmp_path / "paper"


def words(pdf: Path) -> str:
    """Return a PDF's text."""
    command = ["pdftotext", "-layout", pdf, "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def compile_alone(archive: Path, folder: Path) -> Path:
    """Unpack an archive into an empty folder and compile it as arXiv does, with pdflatex only."""
    folder.mkdir()
    subprocess.run(["tar", "--extract", "--file", archive, "--directory", folder], check=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    for _ in range(3):
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
        # LaTeX quotes text in the encoding of the font.
        quoted = {"text": True, "errors": "replace"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, **quoted)
        assert done.returncode == 0, done.stdout[-3000:]
    assert (
        "undefined"
        not in (folder / "main.log").read_text(errors="replace").partition("(./main.aux)")[2]
    )
    return folder / "main.pdf"


def test_what_latex_reads_is_packed_and_nothing_else(paper):
    names = pack(paper / "main.tex", paper / "arxiv.tar.gz", TIME)
    assert names == [
        "figures/one.pdf",
        "main.bbl",
        "main.tex",
        "tables/inner.tex",
        "tables/one.tex",
    ]
    with tarfile.open(paper / "arxiv.tar.gz") as tar:
        assert tar.getnames() == names
        for entry in tar:
            assert tar.extractfile(entry).read() == (paper / entry.name).read_bytes()


def test_the_bytes_tell_neither_when_nor_by_whom_it_was_packed(paper):
    pack(paper / "main.tex", paper / "arxiv.tar.gz", TIME)
    first = (paper / "arxiv.tar.gz").read_bytes()
    os.utime(paper / "main.tex", (1, 1))
    (paper / "tables/one.tex").chmod(0o755)
    time.sleep(1.1)  # gzip's time is in seconds
    pack(paper / "main.tex", paper / "elsewhere.tar.gz", TIME)
    assert (paper / "elsewhere.tar.gz").read_bytes() == first
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        (kept,) = {(e.mtime, e.mode, e.uid, e.gid, e.uname, e.gname) for e in tar}
    assert kept == (TIME, 0o644, 0, 0, "", "")


@pytest.mark.parametrize("name", ["tables/inner.tex", "figures/one.pdf"])
def test_a_missing_part_is_named_with_the_line_that_wants_it(paper, name):
    (paper / name).unlink()
    with pytest.raises(UserError, match=r"(main|one)\.tex, line [17]: .* is missing") as caught:
        pack(paper / "main.tex", paper / "arxiv.tar.gz", TIME)
    assert str(paper / name) in str(caught.value)
    assert not (paper / "arxiv.tar.gz").exists()


def test_missing_references_are_named(paper):
    (paper / "main.bbl").unlink()
    with pytest.raises(UserError, match=r"main\.bbl is missing"):
        used_files(paper / "main.tex")


@pytest.mark.parametrize("name", ["../refs.tex", "/etc/hosts"])
def test_what_lies_outside_of_the_paper_is_refused(paper, name):
    (paper / "tables/one.tex").write_text(rf"\input{{{name}}}")
    with pytest.raises(UserError, match=r"one\.tex, line 1: .* lies outside"):
        used_files(paper / "main.tex")


@needs_tex
def test_it_compiles_in_an_empty_folder_without_bibtex(paper, tmp_path):
    compile_pdf(paper / "main.tex", paper / "main.pdf", tmp_path / "log", tmp_path / "refs.bib", 0)
    pack(paper / "main.tex", paper / "arxiv.tar.gz", TIME)
    alone = compile_alone(paper / "arxiv.tar.gz", tmp_path / "empty")
    assert words(alone) == words(paper / "main.pdf")
    assert "and another line" in words(alone)
    assert "B. A title, 2000." in words(alone)


@needs_tex
@pytest.mark.slow
def test_the_demo_s_source_compiles_to_the_demo_s_paper(demo, tmp_path):
    told = run_snakemake(demo, "paper/arxiv.tar.gz")
    assert told.returncode == 0, told.stdout[-3000:]
    alone = compile_alone(demo / "paper" / "arxiv.tar.gz", tmp_path / "empty")
    assert words(alone) == words(demo / "paper" / "main.pdf")
