"""A table of the paper: rows, which its CSV has as they are and its template prints as LaTeX."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lionrank.files import atomic_write
from lionrank.paper.render import render
from lionrank.paper.source_map import Rendered
from lionrank.paper.tables.pages import in_parts

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """The rows of a table, each by the names of its values.

    Attributes:
        rows: in the order of the CSV.
        columns: the names that the CSV has; all of them where it is left out.
        facts: what the template uses beside `rows`.
    """

    rows: Sequence[Row]
    columns: Sequence[str] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def latex(self, template: str | os.PathLike) -> Rendered:
        """Return what a template in paper/tables/ makes of the table, in parts where it is long.

        Raises:
            UserError: the template is malformed, or uses a value that is not known.
        """
        folder, name = Path(template).parents[1], Path(template).name
        return in_parts(render(folder, {"rows": self.rows, **self.facts}, f"tables/{name}"))

    def csv(self) -> str:
        """Return the table as CSV: a header, then a line a row, plain values.

        None becomes an empty cell, a list its items with `;` between them. No rows give no text.

        Raises:
            ValueError: a row has other values than the first one.
        """
        if not self.rows:
            return ""
        columns = list(self.rows[0] if self.columns is None else self.columns)
        text = io.StringIO()
        extra: Literal["raise", "ignore"] = "raise" if self.columns is None else "ignore"
        writer = csv.DictWriter(text, columns, lineterminator="\n", extrasaction=extra)
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in self.rows)
        return text.getvalue()

    def write(
        self, template: str | os.PathLike, tex: str | os.PathLike, csv: str | os.PathLike
    ) -> None:
        """Write the table as LaTeX into the file `tex`, beside that its source map, and as CSV."""
        self.latex(template).write(tex)
        with atomic_write(csv) as handle:
            handle.write(self.csv())


def _cell(value: object) -> object:
    return ";".join(map(str, value)) if isinstance(value, list | tuple) else value
