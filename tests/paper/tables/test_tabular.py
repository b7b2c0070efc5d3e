"""A table of the paper as CSV and as LaTeX."""

import pytest

from lionrank.errors import UserError
from lionrank.paper.source_map import SourceMap
from lionrank.paper.tables.tabular import Table


def test_csv_has_a_header_a_line_a_row_and_only_plain_values():
    rows = [
        {"model": 'A "B", C', "epochs": [1, 3], "p": None, "score": 0.1 + 0.2},
        {"model": "naïve\nlines", "epochs": (), "p": 1e-9, "score": 1},
    ]
    assert Table(rows).csv() == (
        'model,epochs,p,score\n"A ""B"", C",1;3,,0.30000000000000004\n"naïve\nlines",,1e-09,1\n'
    )
    assert Table([]).csv() == ""
    with pytest.raises(ValueError, match="surplus"):
        Table([{"model": 1}, {"model": 2, "surplus": 3}]).csv()


def test_the_csv_has_the_columns_that_are_named_and_the_template_all_values(tmp_path):
    (tmp_path / "tables").mkdir()
    template = tmp_path / "tables" / "one.tex.j2"
    template.write_text(
        "<% for row in rows %>\n<< row.a >> & << row.b >> & << c >>\n<% endfor %>\n"
    )
    table = Table([{"a": "5%", "b": 2}], ["b"], {"c": 3})
    table.write(template, tmp_path / "one.tex", tmp_path / "one.csv")
    assert (tmp_path / "one.csv").read_text() == "b\n2\n"
    assert (tmp_path / "one.tex").read_text() == "5\\% & 2 & 3\n"
    assert SourceMap.read(tmp_path / "one.tex").place(1) == ("tables/one.tex.j2", 2)
    with pytest.raises(UserError, match=r"tables/one\.tex\.j2, line 2: .*'b'"):
        Table([{"a": 1}], facts={"c": 3}).latex(template)
