"""LaTeX's complaints in terms of the templates: their lines, or less rather than a wrong one."""

import shutil
from pathlib import Path

import pytest

from lionrank.errors import UserError
from lionrank.paper.latex import compile_pdf
from lionrank.paper.latex_log import find_boxes, find_errors
from lionrank.paper.render import render
from lionrank.paper.template_lines import find_line, template_at

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
TABLE = r"""% template: workflow/lionrank/first_table.py
\begin{tabular}{ll}
Heading of the table & 1 \\
\end{tabular}
"""
MODULE = '''"""Heading of the table & 1 in the documentation is no source of LaTeX."""


def table():
    return ["Heading of the table", 1]
'''
BIB = "@misc{other, title={O}}\n@misc{known,\n title={A title}, author={B, C}, year={2000}}\n"


@pytest.fixture
def paper(tmp_path) -> Path:
    """A folder with templates in paper/, and what is generated of them in made/."""
    for name, text in {
        "paper/main.tex.j2": MAIN,
        "paper/sections/one.tex.j2": ONE,
        "paper/sections/macros.tex.j2": MACROS,
        "paper/refs.bib": BIB,
        "made/tables/first.tex": TABLE,
        "workflow/lionrank/first_table.py": MODULE,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def generate(paper: Path, **values: str) -> str:
    return render(paper / "paper", {"value": "a value", **values})


def build(paper: Path) -> list[str]:
    made = paper / "made"
    (made / "main.tex").write_text(generate(paper))
    bibliography = paper / "paper" / "refs.bib"
    log = paper / "latex.log"
    return compile_pdf(
        made / "main.tex", made / "main.pdf", log, bibliography, templates=paper / "paper"
    )


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


def test_a_line_belongs_to_the_nearest_marker_above_it():
    text = "% template: a.j2\nx\n% template: b.j2\ny\n"
    assert [template_at(text, line) for line in (2, 3, 4)] == ["a.j2", "b.j2", "b.j2"]
    assert template_at("x\n% template: a.j2\n", 1) is None


# What a line of a template is found by


def found(paper: Path, beginning: str, **values: str) -> tuple[str, int] | None:
    """Return what is found for the one generated line with this beginning."""
    text = generate(paper, **values)
    (line,) = [n for n, each in enumerate(text.splitlines(), 1) if each.startswith(beginning)]
    return find_line(text, line, paper / "paper")


@pytest.mark.parametrize(
    "beginning",
    [
        r"\section{One}",
        r"\caption{A first caption with",
        r"\caption{A second",
        r"\input{tables",
        "and this is the second",
        "what ends in",
    ],
)
def test_a_line_is_found_by_its_literal_text(paper, beginning):
    lines = [n for n, each in enumerate(ONE.splitlines(), 1) if each.startswith(beginning)]
    assert found(paper, beginning) == ("sections/one.tex.j2", *lines)


def test_equal_lines_are_told_apart_by_those_around_them(paper):
    text = generate(paper)
    generated = [n for n, line in enumerate(text.splitlines(), 1) if line == r"\centering"]
    expected = [n for n, line in enumerate(ONE.splitlines(), 1) if line == r"\centering"]
    places = [find_line(text, line, paper / "paper") for line in generated]
    assert places == [("sections/one.tex.j2", line) for line in expected]


def test_equal_lines_that_nothing_tells_apart_are_not_named(paper):
    with (paper / "paper/sections/one.tex.j2").open("a") as template:
        template.write("\nThe same again, word for word.\n" * 9)
    text = generate(paper)
    lines = [n for n, line in enumerate(text.splitlines(), 1) if line.startswith("The same")]
    assert find_line(text, lines[4], paper / "paper") is None


def test_a_line_of_which_a_part_was_not_printed_is_found_by_the_macro_that_ends_it(paper):
    assert found(paper, "same caption.") == ("sections/macros.tex.j2", 3)


def test_a_line_that_came_whole_from_a_value_is_not_named(paper):
    text = "% template: sections/one.tex.j2\nMeasured words that stand in no template at all.\n"
    assert find_line(text, 2, paper / "paper") is None


def test_a_line_that_shares_a_last_word_with_a_template_is_not_named(paper):
    with (paper / "paper/sections/one.tex.j2").open("a") as template:
        template.write("\n<< value >> significant.\n")
    text = "% template: sections/one.tex.j2\nnone of the six differences is significant.\n"
    assert find_line(text, 2, paper / "paper") is None


def test_a_line_of_a_table_is_found_in_the_code_and_not_in_its_documentation(paper):
    assert find_line(TABLE, 3, paper / "paper") == ("workflow/lionrank/first_table.py", 5)
    assert find_line(TABLE, 2, paper / "paper") is None


def test_a_marker_of_no_file_names_no_line(paper):
    assert find_line("% template: gone.tex.j2\ntext\n", 2, paper / "paper") is None


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
def test_an_error_in_a_table_names_the_line_of_the_code(paper):
    change(paper, "Heading of the table", r"Heading of the table \nosuch", "made/tables/first.tex")
    told = failure(paper).splitlines()[0]
    assert told.startswith(f"workflow/lionrank/first_table.py, line 5 ({paper}/made/tables/")


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
def test_an_overfull_table_names_the_code_that_made_it(paper):
    change(paper, "{ll}", r"{l@{\hspace{20cm}}l}", "made/tables/first.tex")
    (complaint,) = build(paper)
    assert complaint.endswith("with tables/first.tex (workflow/lionrank/first_table.py)")
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
