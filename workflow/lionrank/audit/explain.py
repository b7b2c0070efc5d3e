"""Where a number of the paper comes from: topics, run file, checkpoint, log, settings and data."""

import csv
import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lionrank.errors import UserError
from lionrank.evaluation.per_query import Replicate, System
from lionrank.files import read_json, text_lines
from lionrank.grid import training_name
from lionrank.jobs import descent, records
from lionrank.measures import Measure

METRICS, PER_QUERY = "results/metrics.csv", "results/per_query.parquet"
TABLES = Path("paper", "tables")
_WIDTH = 100


@dataclass(frozen=True)
class Number:
    """A number as it is printed: its value, and how many decimals it has."""

    text: str
    value: float
    decimals: int

    @classmethod
    def of(cls, text: str) -> "Number":
        """Read a number in the ways in which papers print one, such as -.073 with a minus sign.

        Raises:
            UserError: it is none.
        """
        plain = text.strip().replace("\N{MINUS SIGN}", "-").replace(",", "")
        try:
            value = float(plain)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise UserError(f"{text!r} is no number: write it as the paper prints it, e.g. 0.4068")
        return cls(text, value, len(plain.partition(".")[2]))

    def stands_for(self, text: str) -> bool:
        """Return whether a value of a CSV file is printed as this number."""
        try:
            value = float(text)
        except ValueError:
            return False
        return math.isfinite(value) and f"{value:.{self.decimals}f}" == (
            f"{self.value:.{self.decimals}f}"
        )


def find(text: str) -> Number:
    """Return the number that a text is, or that stands in the cell of a table that it names.

    Such as results:5:pydocs_map: the table paper/tables/results.csv, its line and its column.

    Raises:
        UserError: it is neither.
    """
    table, *place = text.split(":")
    if len(place) != 2:
        return Number.of(text)
    path, (line, column) = TABLES / f"{table}.csv", place
    rows = {str(number): row for number, row in enumerate(_rows(path), start=2)}
    if line not in rows or column not in rows[line]:
        known = f"lines 2 to {len(rows) + 1} and columns {', '.join(rows['2'])}" if rows else "none"
        raise UserError(f"{path} has no line {line} with a column {column}: it has {known}")
    return Number.of(rows[line][column])


def explain(number: Number) -> str:
    """Return where the experiment in the working directory has a number, and what is behind it.

    Raises:
        UserError: it has it nowhere.
    """
    blocks = [*_means(number), *_cells(number)]
    if not blocks:
        raise UserError(
            f"{number.text} is neither a mean of {METRICS} nor in a table of {TABLES}: write it "
            "with the decimals that are printed."
        )
    return "\n\n".join(block.rstrip() for block in [*blocks, _commit()]) + "\n"


def _means(number: Number) -> Iterator[str]:
    for row in _rows(Path(METRICS)):
        if number.stands_for(row["mean"]):
            yield _of_mean(row)


def _of_mean(row: dict[str, str]) -> str:
    level = f", relevant from grade {row['level']}" if row["level"] else ""
    lines = [
        f"{row['mean']} is the mean {row['metric']} of {row['system']}",
        f"on {row['test_set']}, over {row['queries']} topics{level} ({METRICS}):",
        *_topics(row),
    ]
    for run in _run_files(row):
        chain = descent.trace(run)
        lines += ["", *_training(chain), *descent.to_text(chain).splitlines()]
    return "\n".join(lines)


def _topics(row: dict[str, str]) -> list[str]:
    """Return the value of each topic, the highest first."""
    measure = Measure(row["test_set"], row["metric"], int(row["level"]) if row["level"] else None)
    trained = bool(row["epoch"])
    training = training_name(row["model"], row["optimizer"]) if trained else row["system"]
    system = System(training, int(row["epoch"]) if trained else None)
    values = Replicate(PER_QUERY, {}).values(measure, system)
    ordered = values.sort_values(ascending=False, kind="stable")
    told = "   ".join(f"{qid} {value:.4f}" for qid, value in ordered.items())
    return textwrap.wrap(told, _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _run_files(row: dict[str, str]) -> list[str]:
    """Return the run file that a row was computed from, which the record of its values names."""
    record = records.read(f"results/per_query/{row['test_set']}.parquet")
    read = record["made_from"] if record else {}
    return [path for path in read if Path(path).name == f"{row['system']}.trec"]


def _training(chain: descent.Chain) -> Iterator[str]:
    """Yield the settings that the checkpoint behind a run file was trained with, and its log."""
    for link in chain.values():
        if link.rule == "train_epoch":
            record = records.read(link.path)
            settings = record["params"].get("settings", {}) if record else {}
            told = ", ".join(f"{key} {value}" for key, value in settings.items())
            yield from textwrap.wrap(f"{link.path} was trained with {told}.", _WIDTH)
            yield f"The log of its epoch is training/{Path(link.path).name}.jsonl."
            return


def _cells(number: Number) -> Iterator[str]:
    for path in sorted(TABLES.glob("*.csv")):
        for line, row in enumerate(_rows(path), start=2):
            columns = [column for column, cell in row.items() if number.stands_for(cell or "")]
            if columns:
                named = ", ".join(cell for cell in row.values() if cell and not _is_number(cell))
                yield (
                    f"{path}:{line} has it in column {', '.join(columns)} ({named}), made from:\n"
                    + descent.to_text(descent.trace(str(path)), depth=1)
                )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rows(path: Path) -> list[dict[str, str]]:
    return [*csv.DictReader(line for _, line in text_lines(path))] if path.exists() else []


def _commit() -> str:
    path = Path("paper", "provenance.json")
    if not path.exists():
        return "No commit is known: paper/provenance.json is not here."
    git = read_json(path)["git"]
    dirty = ", with changes that are in no commit" if git["dirty"] else ""
    return f"The paper was made by commit {git['commit']}{dirty}, as {path} has it."
