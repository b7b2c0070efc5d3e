"""Tables of the paper as pages of the report, which a reader sorts in a real browser."""

import pytest

from lionrank.errors import UserError
from lionrank.report.tables import columns, table_page
from tests.support.browser import visit

LABELS = {"lion": "Lion", "dl19": "TREC DL 2019"}


def write_table(path, text):
    path.write_text(text)
    return table_page(path, "A & B", "What it is.", None, LABELS)


def test_a_table_sorts_by_its_numbers_and_shows_them_as_the_paper_does(tmp_path):
    text = "system,value,value_low,value_high,p\nlion,0.5,0.25,1.0,0.00001\nb,0.12345,0.1,0.2,0.5\n"
    page = tmp_path / "page.html"
    page.write_text(write_table(tmp_path / "table.csv", text), "utf-8")
    with visit() as reader:
        reader.open(page)
        cells = reader.page.locator("tbody tr").all_inner_texts()
        assert [cell.split() for cell in cells] == [
            ["Lion", "0.5000", "[0.2500,", "1.0000]", "1.0e-05"],
            ["b", "0.1235", "[0.1000,", "0.2000]", "0.5000"],
        ]
        systems = reader.page.locator("tbody td:first-child").all_inner_texts
        reader.page.get_by_role("button", name="p: Activate").click()
        reader.eventually(systems, ["b", "Lion"])
        reader.page.get_by_role("button", name="Value: Activate").click()
        reader.eventually(systems, ["Lion", "b"])
        assert not reader.errors
        assert not reader.asked


def test_headings_and_cells_have_labels_and_empty_columns_are_left_out():
    table = {
        "optimizer": ["lion", ""],
        "dl19_ndcg_cut_10": ["1", "2"],
        "left_epochs": ["1;2", "3"],
        "level": ["", ""],
        "qid": ["1037798", "1"],
        "peak_memory_bytes": ["123456", "-1"],
        "chosen": ["True", "False"],
    }
    found = columns(table, {**LABELS, "ndcg_cut_10": "nDCG@10"})
    assert [column.name for column in found] == [
        *("Optimizer", "TREC DL 2019 nDCG@10", "Left epochs", "Topic", "Peak memory bytes"),
        "Chosen",
    ]
    assert [[cell.shown for cell in column.cells] for column in found] == [
        ["Lion", "\N{EN DASH}"],
        ["1", "2"],
        ["1, 2", "3"],
        ["1037798", "1"],
        ["123,456", "\N{MINUS SIGN}1"],
        ["yes", "no"],
    ]
    assert [column.numeric for column in found] == [False, True, False, False, True, False]


def test_a_query_is_shown_as_it_is_written():
    queries = ["lion; adamw", "True", "12"]
    (column,) = columns({"query": queries}, {"lion": "Lion"})
    assert [cell.shown for cell in column.cells] == queries


def test_a_label_may_have_digits_backslashes_and_other_keys():
    labels = {"lion": r"8-bit \1 dl19_x", "dl19": "3B"}
    found = columns({"lion_mean": ["1"], "dl19_lion": ["2"], "model": ["lion"]}, labels)
    assert [column.name for column in found] == [
        *(r"8-bit \1 dl19_x mean", r"3B 8-bit \1 dl19_x", "Model")
    ]
    assert found[2].cells[0].shown == r"8-bit \1 dl19_x"


def test_a_table_without_rows_says_so(tmp_path):
    assert "no rows" in write_table(tmp_path / "table.csv", "")
    assert "no rows" in write_table(tmp_path / "table.csv", "a,b\n")


def test_what_is_in_a_table_is_text_and_no_markup(tmp_path):
    page = write_table(tmp_path / "table.csv", 'query\n<script>"a & b"</script>\n')
    assert "<script>&#34;" not in page
    assert "&lt;script&gt;" in page
    assert "<h1>A &amp; B</h1>" in page


def test_a_row_with_a_cell_too_many_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"table\.csv:3: expected 2 cells, found 3"):
        write_table(tmp_path / "table.csv", "a,b\n1,2\n1,2,3\n")
