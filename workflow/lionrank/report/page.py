"""A page of the report: one file with all that it needs in it, and nothing from a network.

DataTables, in the bundle that itables ships, sorts and filters the tables.
"""

import gzip
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import itables.options
from markupsafe import Markup, escape

from lionrank import templates

ABSENT = "\N{EN DASH}"
# A menu in the heading that lists the values of a column, for a choice among them.
CHOICE = {"columnControl": [[{"extend": "searchList", "orthogonal": "filter"}]]}


@dataclass(frozen=True)
class Cell:
    """A cell: the value that sorting and filtering go by, the text shown, and that below it."""

    value: str
    shown: str
    below: str = ""

    @classmethod
    def of(cls, text: str, below: str = "") -> "Cell":
        """Return the cell of a text or a number as it stands, a dash where there is none."""
        return cls(text, text or ABSENT, below)


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, its cells, and what is below the heading.

    The values of a `numeric` one are numbers or empty; its best are its greatest, or its least if
    `rising`. `options` are more of those at https://datatables.net/reference/option/columns.
    """

    name: str
    cells: Sequence[Cell]
    numeric: bool = False
    rising: bool = False
    below: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def all_options(self) -> dict[str, Any]:
        """The options of the column: how it sorts, the best first, and filters."""
        if not self.numeric:
            return {**CHOICE, **self.options}
        order = ["asc", "desc"] if self.rising else ["desc", "asc"]
        number = {"type": "num", "className": "dt-right", "orderSequence": order}
        return {**number, **self.options}


def page(template: str, facts: Mapping[str, Any]) -> str:
    """Return the page that a template of this folder makes of `facts`, whose text is escaped.

    Every page asks for `title`, `caption`, `columns`, and `note`, which says what a demonstration
    is or is None.

    Raises:
        UserError: the template asks for a fact that is not there or None; names line and fact.
    """
    bundle = Path(itables.options.dt_bundle)
    library = {
        "datatables": packed(bundle.read_text(encoding="utf-8")),
        "datatables_style": Markup(bundle.with_suffix(".css").read_text(encoding="utf-8")),
    }
    environment = templates.environment(Path(__file__).parent, escape)
    return templates.render(environment, template, {**library, **facts})


def packed(script: str) -> str:
    """Return a module of JavaScript as the pages' `load` takes it.

    Snakemake's report shows a page at a data: address, of which Chromium opens no more than 2 MB.
    """
    return b64encode(gzip.compress(script.encode(), mtime=0)).decode()
