"""Tables that are too wide or too long: panels of columns, and parts of rows that fit on a page."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, TypeVar

from lionrank.grid import Grid
from lionrank.paper.source_map import Rendered, SourceMap

COLUMNS = 12
"""Columns of numbers that stand beside each other at most."""
TEXTS = 4
"""Columns of text that stand beside each other in a column of the page at most."""
LINES = 58
"""Lines of a table that stand below each other at most, its head's among them."""
CONTINUED = r"\continued"
"""Ends the float of a table, and begins one that goes on with it: main.tex.j2 defines it."""

Item = TypeVar("Item")


class _Line(NamedTuple):
    """A line of LaTeX, and the pieces of it in the source map."""

    text: str
    pieces: Sequence[tuple[int, str, int]] = ()

    @property
    def is_row(self) -> bool:
        return r"\\" in self.text and not self.is_begin

    @property
    def is_begin(self) -> bool:
        return self.text.startswith(r"\begin{tabular}")

    @property
    def is_rule(self) -> bool:
        return self.text == r"\midrule"


def width_of_scores(grid: Grid) -> int:
    """Return how many columns of numbers one of scores takes: with their deviation, two."""
    return 2 if grid.is_replicated else 1


def panels(
    groups: Sequence[Sequence[Item]], widths: Sequence[int] | None = None, most: int = COLUMNS
) -> list[list[Item]]:
    """Divide groups of columns, which stay together, into few panels of like widths.

    None is wider than `most` columns but a group that is so by itself. `widths` has the columns
    that each group takes, where these are not one for each of its items.
    """
    widths = [len(group) for group in groups] if widths is None else widths
    fewest = len(_packed(groups, widths, most))
    tried = (_packed(groups, widths, limit) for limit in range(1, most + 1))
    return next(found for found in tried if len(found) == fewest)


def _packed(groups: Sequence[Sequence[Item]], widths: Sequence[int], most: int) -> list[list[Item]]:
    found: list[list[Item]] = [[]]
    taken = 0
    for group, width in zip(groups, widths, strict=True):
        if found[-1] and taken + width > most:
            found.append([])
            taken = 0
        found[-1] += group
        taken += width
    return found


def in_parts(table: Rendered, most: int = LINES) -> Rendered:
    """Return a table of which no float has more than `most` lines, where rows can be cut.

    A tabular is cut at a rule between groups of rows, else between two rows, and each of its parts
    has its head. What fits stays as it is, to the letter.
    """
    texts = table.text.split("\n")
    lines = [_Line(*each) for each in zip(texts, table.source_map.lines, strict=True)]
    if sum(line.is_row for line in lines) <= most:
        return table
    cut = [*_parts(lines, most)]
    return Rendered("\n".join(e.text for e in cut), SourceMap([e.pieces for e in cut]))


def _parts(lines: Sequence[_Line], most: int) -> Iterator[_Line]:
    """Yield the lines of a table with what ends a float and begins the next one between them."""
    taken = 0
    for is_tabular, block in _blocks(lines):
        if not is_tabular:
            yield from block
            continue
        head, groups, foot = _anatomy(block)
        size = _rows(head) + _rows(chain(*groups))
        # A tabular that fits on a page of its own is not cut.
        if taken and taken + size > most:
            yield _Line(CONTINUED)
            taken = 0
        yield from head
        taken += _rows(head)
        begun = False
        for group in groups:
            for part in _chunks(group, most - _rows(head)):
                if begun and taken + _rows(part) > most:
                    yield from (*foot, _Line(CONTINUED), *head)
                    taken, begun = _rows(head), False
                elif begun and part[0] is group[0]:
                    yield _Line(r"\midrule")
                yield from part
                taken += _rows(part)
                begun = True
        yield from foot


def _blocks(lines: Sequence[_Line]) -> Iterator[tuple[bool, list[_Line]]]:
    """Yield the tabulars, and what is between them, and whether it is one."""
    block: list[_Line] = []
    for line in lines:
        if line.is_begin and block:
            yield False, block
            block = []
        block.append(line)
        if line.text == r"\end{tabular}":
            yield True, block
            block = []
    if block:
        yield False, block


def _anatomy(block: Sequence[_Line]) -> tuple[list[_Line], list[list[_Line]], list[_Line]]:
    """Return the head of a tabular with the rule below it, its groups of rows, and its foot."""
    first = next(place for place, line in enumerate(block) if line.is_rule)
    last = max(place for place, line in enumerate(block) if line.text == r"\bottomrule")
    groups: list[list[_Line]] = [[]]
    for line in block[first + 1 : last]:
        if line.is_rule:
            groups.append([])
        else:
            groups[-1].append(line)
    return [*block[: first + 1]], [group for group in groups if group], [*block[last:]]


def _chunks(group: list[_Line], most: int) -> Iterator[list[_Line]]:
    """Yield a group of rows in parts of at most `most`: itself where it fits."""
    chunk: list[_Line] = []
    for line in group:
        chunk.append(line)
        # A row may have several lines, of which this is the last.
        if line.is_row and _rows(chunk) == most:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _rows(lines: Iterable[_Line]) -> int:
    return sum(line.is_row for line in lines)
