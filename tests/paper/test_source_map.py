"""Where each line of rendered LaTeX comes from, and that knowing it changes nothing in it."""

import jinja2
import pytest

from lionrank.paper import render as rendering
from lionrank.paper.render import render
from lionrank.paper.source_map import SourceMap
from tests.support.papers import PAPER, facts_of
from tests.support.results import SCENARIOS, experiment

TEMPLATE = r"""% template: main.tex.j2
<% from "macros.tex.j2" import remark %>
\section{<< value >>}
<# a comment of
two lines #>
<% if value %>
first & << value >> \\
<% endif %>
  An indented line that says << value >>
<%- if value %>, which is followed by
<% endif %>
what ends in << remark() >> here.
<% for n in [1, 2] %>
<< n >>
<% endfor %>
<% if value %>same<% else %>other
 <%- endif %> again
Equal.

Equal.
<< value
   | upper >> and more
<<- value >>
"""
MACROS = "\n<% macro remark() %>\nits own words\n<%- endmacro %>\n"


@pytest.fixture(name="folder")
def _folder(tmp_path):
    (tmp_path / "main.tex.j2").write_text(TEMPLATE)
    (tmp_path / "macros.tex.j2").write_text(MACROS)
    return tmp_path


def test_every_line_of_the_text_has_the_line_of_its_template(folder):
    text, source_map = render(folder, {"value": "x"})
    found = [(line, *source_map.place(n)) for n, line in enumerate(text.split("\n"), 1) if line]
    assert found == [
        ("% template: main.tex.j2", "main.tex.j2", 1),
        (r"\section{x}", "main.tex.j2", 3),
        (r"first & x \\", "main.tex.j2", 7),
        ("  An indented line that says x, which is followed by", "main.tex.j2", 9),
        ("what ends in its own words here.", "main.tex.j2", 12),
        ("1", "main.tex.j2", 14),
        ("2", "main.tex.j2", 14),
        ("same again", "main.tex.j2", 16),
        ("Equal.", "main.tex.j2", 18),
        ("Equal.", "main.tex.j2", 20),
        ("X and morex", "main.tex.j2", 21),
    ]


def test_a_column_tells_which_of_the_joined_lines_it_comes_from(folder):
    text, source_map = render(folder, {"value": "x"})
    lines = text.split("\n")

    def place(words):
        (line,) = [n for n, each in enumerate(lines, 1) if words in each]
        return source_map.place(line, lines[line - 1].index(words))

    assert place("An indented") == ("main.tex.j2", 9)
    assert place("which is followed by") == ("main.tex.j2", 10)
    assert place("its own words") == ("macros.tex.j2", 3)
    assert place("what ends in") == ("main.tex.j2", 12)
    assert place("again") == ("main.tex.j2", 17)
    assert place("and more") == ("main.tex.j2", 22)


def test_a_map_lies_beside_its_text_and_is_read_from_there(folder):
    made = render(folder, {"value": "x"})
    made.write(folder / "out" / "main.tex")
    assert (folder / "out" / "main.tex").read_text() == made.text
    read = SourceMap.read(folder / "out" / "main.tex")
    lines = range(1, made.text.count("\n") + 1)
    assert [read.place(n) for n in lines] == [made.source_map.place(n) for n in lines]
    assert SourceMap.read(folder / "main.tex").place(1) is None


@pytest.mark.parametrize("name", ["made up 1", "all level"])
def test_the_paper_is_what_it_is_without_marks_and_all_of_it_has_a_place(
    tmp_path, monkeypatch, name
):
    class Plain(jinja2.FileSystemLoader):
        places = ()

    facts = facts_of(experiment(tmp_path, SCENARIOS[name]))
    text, source_map = render(PAPER, facts)
    for number, _ in enumerate(text.split("\n"), 1):
        template, line = source_map.place(number)
        assert line <= (PAPER / template).read_text().count("\n") + 1
    monkeypatch.setattr(rendering, "Marking", Plain)
    assert render(PAPER, facts).text == text


def test_no_value_is_taken_for_a_mark(folder):
    (folder / "main.tex.j2").write_text("a << value >>\n")
    assert render(folder, {"value": "\U000f0000b"}).text == "a \\lacking{F0000}b\n"


def test_words_of_a_claim_have_no_marks(folder):
    template = """<% filter says("absent", what="x") %>
None
  of them.<% endfilter %>"""
    (folder / "main.tex.j2").write_text(template)
    claim, first, second = render(folder, {}).text.split("\n")
    assert claim.endswith('"words": "None of them."}')
    assert [first, second] == ["None", "  of them."]
