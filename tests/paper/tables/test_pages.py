"""Tables that are wider or longer than a page."""

import pytest

from lionrank.paper.source_map import Rendered, SourceMap
from lionrank.paper.tables.pages import CONTINUED, in_parts, panels


@pytest.mark.parametrize(
    "widths, most, expected",
    [
        ([1] * 5, 12, [5]),
        # As few panels as can be, and of like widths.
        ([1] * 14, 12, [7, 7]),
        ([1] * 25, 12, [9, 9, 7]),
        ([7, 2, 1, 1, 1, 1], 12, [1, 5]),
        # A group that is wider by itself.
        ([20, 1, 1], 12, [1, 2]),
    ],
)
def test_columns_are_divided_into_few_panels_of_like_widths(widths, most, expected):
    found = panels([[place] for place in range(len(widths))], widths, most)
    assert [len(panel) for panel in found] == expected
    assert [place for panel in found for place in panel] == list(range(len(widths)))


def test_columns_of_a_group_stay_together():
    assert panels([["a", "b"], ["c", "d"], ["e"]], most=3) == [["a", "b"], ["c", "d", "e"]]


def table(groups, head="Name & Value"):
    """Return a tabular with groups of rows, each the size that `groups` has of it."""
    lines = [r"\begin{tabular}{lr}", r"\toprule", rf"{head} \\"]
    for place, size in enumerate(groups):
        rows = [rf"g{place}r{number} & 1 \\" for number in range(size)]
        lines += [r"\midrule", *rows]
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def rendered(lines):
    return Rendered("\n".join(lines), SourceMap([[(0, "t", n)] for n in range(len(lines))]))


def parts_of(found):
    """Return the lines of the floats that a table was cut into."""
    parts = [[]]
    for line in found.text.split("\n"):
        if line == CONTINUED:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def rows_in(lines):
    return [line for line in lines if line.startswith("g")]


def test_a_table_that_fits_stays_as_it_is():
    whole = rendered(["% template", *table([3, 4]), "a note"])
    assert in_parts(whole, 8) is whole


def test_a_long_table_is_cut_between_groups_and_each_part_has_its_head():
    whole = rendered(["% template", *table([3, 4, 2]), "a note"])
    first, second = parts_of(in_parts(whole, 8))
    assert first == ["% template", *table([3, 4])]
    assert second[:3] == table([])[:3] and second[-1] == "a note"
    assert rows_in(first) + rows_in(second) == rows_in(whole.text.split("\n"))


def test_a_group_that_is_longer_than_a_page_is_cut_between_rows():
    whole = rendered(table([10]))
    parts = parts_of(in_parts(whole, 5))
    assert [len(rows_in(part)) for part in parts] == [4, 4, 2]
    assert [row for part in parts for row in rows_in(part)] == rows_in(whole.text.split("\n"))


def test_a_row_of_several_lines_is_not_cut():
    lines = table([4])
    split = [each for line in lines for each in line.replace(" & ", "\n & ").split("\n")]
    parts = parts_of(in_parts(rendered(split), 3))
    assert all(part[-3:] == [" & 1 \\\\", *lines[-2:]] for part in parts)


def test_tabulars_below_each_other_share_a_page_only_where_both_fit():
    stacked = [*table([3]), r"\smallskip", *table([3])]
    assert len(parts_of(in_parts(rendered(stacked), 8))) == 1
    first, second = parts_of(in_parts(rendered(stacked), 7))
    assert len(rows_in(first)) == len(rows_in(second)) == 3


def test_every_line_still_tells_where_it_comes_from():
    whole = rendered(table([3, 4, 2]))
    found = in_parts(whole, 6)
    origins = whole.text.split("\n")
    for number, line in enumerate(found.text.split("\n"), start=1):
        place = found.source_map.place(number)
        # What cuts a table is of no template, and a rule may begin a part or be left out of one.
        if line not in (CONTINUED, r"\midrule"):
            assert origins[place.line] == line
