"""LaTeX's complaints in terms of the templates."""

import shutil
from pathlib import Path

import pytest

from lionrank.errors import UserError
from lionrank.paper.latex import compile_pdf
from lionrank.paper.latex_errors import find_boxes, find_errors
from lionrank.paper.render import render

needs_tex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")

MAIN = r"""% template: main.tex.j2
\documentclass{article}
\begin{document}
<% include "sections/one.tex.j2" %>
% template: main.tex.j2
\bibliographystyle{plain}
\bibliography{refs}
\end{document}
"""
ONE = r"""% template: sections/one.tex.j2
<% from "sections/macros.tex.j2" import remark %>
\section{One}
\begin{table}
\centering
\caption{A first caption with << value >> in it,
and more of the
<% if value %>same<% else %>other<% endif %> caption. << remark() >>}
\label{tab:first}
\input{tables/first.tex}
\end{table}
The sentence that says << value >>
<%- if value %>, which is followed by
<% endif %>
what ends in another line.

\begin{table}
\centering
\caption{A second caption.}
\end{table}
A plain paragraph of which this is the first line
and this is the second~\cite{known}, where Table~\ref{tab:first} is named.

A last paragraph, which the references end.
"""
MACROS = r"""
<% macro remark() %>
Remarked by a macro in its own words.
<%- endmacro %>
"""
TABLE = r"""% template: tables/first.tex.j2
\begin{tabular}{ll}
<% for number in range(2) %>
Heading of the table & << number >> \\
<% endfor %>
\end{tabular}
"""
BIB = "@misc{other, title={O}}\n@misc{known,\n title={A title}, author={B, C}, year={2000}}\n"


@pytest.fixture
def paper(tmp_path) -> Path:
    """A folder with templates in paper/, and what is generated of them in made/."""
    for name, text in {
        "paper/main.tex.j2": MAIN,
        "paper/sections/one.tex.j2": ONE,
        "paper/sections/macros.tex.j2": MACROS,
        "paper/refs.bib": BIB,
        "paper/tables/first.tex.j2": TABLE,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def build(paper: Path) -> list[str]:
    made = paper / "made"
    for name in ("main.tex", "tables/first.tex"):
        render(paper / "paper", {"value": "a value"}, f"{name}.j2").write(made / name)
    bibliography = paper / "paper" / "refs.bib"
    return compile_pdf(made / "main.tex", made / "main.pdf", paper / "latex.log", bibliography)


def change(paper: Path, old: str, new: str, name: str = "paper/sections/one.tex.j2") -> int:
    """Replace a part of a template that is in it once; return its line."""
    text = (paper / name).read_text()
    assert text.count(old) == 1
    (paper / name).write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1


def failure(paper: Path) -> str:
    with pytest.raises(UserError) as caught:
        build(paper)
    return str(caught.value)


# LaTeX's own complaints


@needs_tex
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (r"and this is the second", r"and \nosuch this is the second", "Undefined control"),
        (r"A plain paragraph of", r"A $x^2 paragraph of", "Missing $ inserted"),
        (r"\caption{A second", r"\caption{A \nosuch second", "Undefined control"),
        (r"and more of the", r"and \nosuch{} more of the", "Undefined control"),
        (r"\input{tables/first.tex}", r"\input{tables/none.tex}", "`tables/none.tex' not found"),
        (r"what ends in another line", r"what ends \end{center}", r"ended by \end{center}"),
        (r"\section{One}", r"\section{One of us", "File ended while scanning"),
    ],
)
def test_an_error_names_the_line_of_the_template(paper, old, new, message):
    line = change(paper, old, new)
    told = failure(paper).splitlines()[0]
    at_end = "Missing $" in message  # LaTeX finds out where the paragraph ends
    assert told.startswith(
        "the paragraph that ends at " * at_end + f"sections/one.tex.j2, line {line + at_end} ("
    )
    assert message in told
    generated = int(told.split("main.tex, line ")[1].split(")")[0])
    assert new in (paper / "made/main.tex").read_text().splitlines()[generated - 1 - at_end]


@needs_tex
def test_an_error_in_a_macro_names_the_line_of_the_macro(paper):
    line = change(paper, "by a macro", r"by \nosuch", "paper/sections/macros.tex.j2")
    assert f"sections/macros.tex.j2, line {line} (" in failure(paper).splitlines()[0]


@needs_tex
def test_an_error_in_a_table_names_the_line_of_its_template(paper):
    line = change(paper, "Heading", r"\nosuch Heading", "paper/tables/first.tex.j2")
    told = failure(paper).splitlines()[0]
    assert told.startswith(f"tables/first.tex.j2, line {line} ({paper}/made/tables/first.tex, ")


@needs_tex
def test_of_template_lines_that_were_joined_that_of_the_command_is_named(paper):
    line = change(paper, ", which is followed by", r", which \nosuch is followed by")
    assert f"sections/one.tex.j2, line {line} (" in failure(paper).splitlines()[0]


@needs_tex
def test_without_a_source_map_the_generated_line_is_named(paper):
    change(paper, "and this is the second", r"and \nosuch this is the second")
    with pytest.raises(UserError):
        build(paper)
    (paper / "made/main.tex.map").unlink()
    main = paper / "made/main.tex"
    line = [r"\nosuch" in each for each in main.read_text().splitlines()].index(True) + 1
    with pytest.raises(UserError) as caught:
        compile_pdf(main, paper / "main.pdf", paper / "latex.log", paper / "paper/refs.bib")
    assert str(caught.value).startswith(f"{main}, line {line}: ! Undefined control")


@needs_tex
def test_an_error_in_the_references_names_the_entry(paper):
    change(paper, "A title", r"A \nosuch title", "paper/refs.bib")
    assert failure(paper).startswith(f"{paper}/paper/refs.bib, line 2: ! Undefined control")


@needs_tex
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            r"\ref{tab:first}",
            r"\ref{tab:frist}",
            "Reference `tab:frist' is undefined. Did you mean 'tab:first'?",
        ),
        (
            r"\cite{known}",
            r"\cite{other,knwon}",
            "Citation `knwon' is undefined. Did you mean 'known'?",
        ),
        (
            r"\caption{A second caption.}",
            r"\caption{B}\label{tab:first}",
            "Label `tab:first' is defined more than once.",
        ),
    ],
)
def test_a_misspelt_key_names_its_line_and_what_was_meant(paper, old, new, told):
    line = change(paper, old, new)
    complaints = failure(paper).splitlines()[:-1]
    (told_here,) = [
        each for each in complaints if each.startswith(f"sections/one.tex.j2, line {line} (")
    ]
    assert told_here.endswith(told)


@needs_tex
def test_an_overfull_box_names_the_lines_of_its_paragraph(paper):
    wide = r"\mbox{" + "too wide for the line " * 7 + "}"
    line = change(paper, "A plain paragraph", wide + " A plain paragraph")
    (complaint,) = build(paper)
    assert complaint.startswith(r"Overfull \hbox (")
    assert f": sections/one.tex.j2, lines {line} to {line + 1} (" in complaint


@needs_tex
def test_an_overfull_box_that_ends_in_the_references_names_its_own_line(paper):
    wide = r"\mbox{" + "too wide for the line " * 7 + "}"
    line = change(paper, "A last paragraph", wide + " A last paragraph")
    (complaint,) = build(paper)
    assert f": sections/one.tex.j2, line {line} (" in complaint


@needs_tex
def test_an_overfull_table_names_the_template_that_made_it(paper):
    change(paper, "{ll}", r"{l@{\hspace{20cm}}l}", "paper/tables/first.tex.j2")
    (complaint,) = build(paper)
    assert complaint.endswith("with tables/first.tex (tables/first.tex.j2)")
    assert ": sections/one.tex.j2, line" in complaint


# Logs


def test_consequences_of_an_error_are_not_errors():
    log = (
        "./main.tex:7: Undefined control sequence.\nl.7 \\nosuch\n             thing\n"
        "./main.tex:7:  ==> Fatal error occurred, no output PDF file produced!\n"
    )
    (error,) = find_errors(log)
    assert (error.file, error.line, error.culprit) == ("./main.tex", 7, r"\nosuch")
    assert error.message == (
        "! Undefined control sequence.",
        "l.7 \\nosuch",
        "             thing",
    )


def test_a_box_belongs_to_the_file_that_is_open_whatever_its_content():
    log = (
        "(./main.tex (./tables/a.tex (note) )\n"
        "Overfull \\hbox (1.0pt too wide) in paragraph at lines 2--9\n"
        "[]\\OT1/cmr/m/n/10 Some (unbalanced (text\n []\n\n"
        "(./tables/b.tex\n"
        "Overfull \\hbox (2.0pt too wide) in alignment at lines 3--4\n"
        " []\n\n"
        "Underfull \\hbox (badness 10000) detected at line 7\n []\n\n))\n"
        "Overfull \\vbox (3.0pt too high) has occurred while \\output is active []\n\n"
    )
    boxes = find_boxes(log)
    assert [(box.file, box.lines) for box in boxes] == [
        ("./main.tex", (2, 9)),
        ("./tables/b.tex", (3, 4)),
        (None, None),
    ]
