"""How values read in the LaTeX of the paper."""

import pytest

from lionrank.paper.prose import listed
from lionrank.paper.render import (
    blocks,
    bold,
    cell,
    column,
    counted,
    effect,
    identifier,
    interval,
    p_in_words,
    p_value,
    share,
    signed,
    stacked,
)


def test_words():
    assert counted(1, "query") == "one query"
    assert counted(2, "query") == "two queries"
    assert counted(18, "checkpoint") == "18 checkpoints"
    assert [share(n, 3, "model") for n in range(4)] == [
        *("none of the three models is", "one of the three models is"),
        *("two of the three models are", "all three models are"),
    ]
    assert [share(n, 2, "model", "rises") for n in range(3)] == [
        *("neither of the two models rises", "one of the two models rises", "both models rise"),
    ]
    assert [share(n, 1, "model") for n in range(2)] == ["no model is", "the only model is"]
    assert listed(["A&B", "C", "D"]) == r"A\&B, C and D"
    assert identifier("a/b_c") == r"\texttt{a/\allowbreak{}b\_\allowbreak{}c}"
    assert p_in_words(0.00004) == r"$p <\num{0.0001}$"
    assert p_in_words(0.04) == "$p = 0.0400$"


def test_numbers_are_printed_without_false_signs_or_zeros():
    assert interval(-0.00001, 0.5) == r"[\num{0.0000}, \num{0.5000}]"
    assert p_value(0.00009) == r"$<$\num{0.0001}"
    assert p_value(0.0001) == "0.0001"
    assert effect(float("-inf")) == r"$-\infty$"
    assert effect(0.126) == r"\num{0.13}"


@pytest.mark.parametrize(
    ("difference", "printed"),
    [
        (0.00125, r"+0.0013"),
        (-0.0012, r"\textminus 0.0012"),
        (0.00004, r"\textpm 0.0000"),
        (-0.00004, r"\textpm 0.0000"),
    ],
)
def test_every_difference_has_a_sign(difference, printed):
    assert signed(difference + 1e-12) == printed


def test_cells_of_a_column_have_room_for_its_largest_value_and_decimals_where_there_are_any():
    assert [cell(value) for value in (12, 3.0, None)] == ["12", "3.0", "{--}"]
    assert column([1, 100, None]) == "S[table-format=3.0]"
    assert column([9.96, 2, None]) == "S[table-format=2.1]"


def test_what_a_template_marks_or_stacks_is_escaped():
    assert bold("5%") == r"\bfseries 5\%"
    assert bold("5%", False) == r"5\%"
    assert stacked("R&D", 15) == r"R\&D"
    assert stacked("R&D of a label", 6) == r"\shortstack{R\&D of\\a\\label}"


def test_blocks_are_of_rows_that_follow_each_other():
    rows = [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 2}, {"a": 1, "b": 2}]
    assert blocks(rows, "a") == [rows[:2], rows[2:3], rows[3:]]
    assert blocks(rows, "a", "b") == [[row] for row in rows]
