"""Where a number of the paper comes from: topics, run file, checkpoint, log, settings and data."""

import math
import textwrap
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lionrank import wording
from lionrank.config.schema import is_number
from lionrank.config.settings import with_point
from lionrank.errors import UserError
from lionrank.evaluation.per_query import Replicate, read_table
from lionrank.evaluation.winning_windows import ALL, BEYOND
from lionrank.files import AGAIN, csv_rows, read_json
from lionrank.grid import VARIOUS, checkpoint_name, training_of
from lionrank.jobs import descent, records
from lionrank.measures import Averages, Measure, averaged
from lionrank.training import development

METRICS, PER_QUERY = "results/metrics.csv", "results/per_query.parquet"
OVER_SEEDS = "results/over_seeds.csv"
WINDOWS = "results/winning_windows.csv"
TABLES = Path("paper", "tables")
OF_MEAN = (
    "test_set",
    "system",
    "model",
    "optimizer",
    "epoch",
    "metric",
    "level",
    "mean",
    "queries",
)
OF_WINDOWS = (
    *("test_set", "window", "stride", "system", "candidates"),
    *("several", "first", "beyond"),
)
OF_SEED, OF_MEAN_OVER_SEEDS = (*OF_MEAN, "seed"), (*OF_MEAN, "by_seed")
_WIDTH = 100
_POINT, _CHOICE = ".point.json", ".chosen.json"


@dataclass(frozen=True)
class Number:
    """A number as it is printed, and the format that prints it so."""

    text: str
    printed: str
    form: str

    @classmethod
    def of(cls, text: str) -> "Number":
        """Read a number in the ways in which papers print one, such as -.073 with a minus sign.

        Raises:
            UserError: it is none.
        """
        plain = text.strip().replace("\N{MINUS SIGN}", "-").replace(",", "").lower()
        if not is_number(plain) or not math.isfinite(float(plain)):
            raise UserError(f"{text!r} is no number: write it as the paper prints it, e.g. 0.4068")
        mantissa, exponent, _ = plain.partition("e")
        # Without the minus of a zero.
        form = f"z.{len(mantissa.partition('.')[2])}{'e' if exponent else 'f'}"
        return cls(text, f"{float(plain):{form}}", form)

    def stands_for(self, text: str) -> bool:
        """Return whether a value of a CSV file is printed as this number."""
        return is_number(text) and f"{float(text):{self.form}}" == self.printed


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
    rows = dict(_rows(path))
    cell = rows.get(f"{path}:{line}", {}).get(column)
    if cell is None:
        columns = ", ".join(next(iter(rows.values()), {"none": ""}))
        raise UserError(
            f"{path} has no line {line} with a column {column}: it has {len(rows)} lines below its "
            f"heads, and the columns {columns}."
        )
    return Number.of(cell)


def explain(number: Number) -> str:
    """Return where the experiment in the working directory has a number, and what is behind it.

    Raises:
        UserError: it has it nowhere.
    """
    blocks = [*_means(number), *_windows(number), *_cells(number)]
    if not blocks:
        raise UserError(
            f"{number.text} is neither a mean of {METRICS} nor a percentage of {WINDOWS} nor in a "
            f"table of {TABLES}: write it with the decimals that are printed."
        )
    return "\n\n".join(block.rstrip() for block in [*blocks, _commit()]) + "\n"


def _means(number: Number) -> Iterator[str]:
    for _, row in _rows(Path(METRICS), OF_SEED):
        if number.stands_for(row["mean"]):
            yield _of_mean(row)
    for _, row in _rows(Path(OVER_SEEDS), OF_MEAN_OVER_SEEDS):
        if row["by_seed"] and number.stands_for(row["mean"]):
            yield "\n".join(_over_seeds(row))


def _of_mean(row: dict[str, str]) -> str:
    averages: Averages = _made_with("averages")
    if (levels := averages.get(row["test_set"])) is not None:
        return "\n".join(_of_average(row, levels))
    level = f", relevant from grade {row['level']}" if row["level"] else ""
    lines = [
        f"{row['mean']} is the mean {row['metric']} of {row['system']}",
        f"on {row['test_set']}, over {row['queries']} topics{level} ({METRICS}):",
        *_topics(row),
    ]
    for run in _run_files(row):
        chain = descent.trace(run)
        lines += ["", *_training(chain, row), *descent.to_text(chain).splitlines()]
    return "\n".join(lines)


def _over_seeds(row: dict[str, str]) -> Iterator[str]:
    """Yield what a mean over seeds is the mean of: that of each, and its run file."""
    seeds = len(row["by_seed"].split(";"))
    yield f"{row['mean']} is the mean {row['metric']} of {row['system']}"
    yield f"on {row['test_set']}, over {seeds} seeds ({OVER_SEEDS};"
    yield "explain any of their means for its topics and its training):"
    same = ("test_set", "metric", "level", "model", "optimizer")
    # Of the chosen epochs, each seed has one of its own.
    chosen = {} if row["epoch"] else development.chosen(Path("training").glob("*.best.json"))
    for _, each in _rows(Path(METRICS), OF_SEED):
        epoch = row["epoch"] or str(chosen.get(training_of(each["system"])))
        if each["epoch"] == epoch and all(each[key] == row[key] for key in same):
            run = ", ".join(_run_files(each)) or "no run file is known"
            yield f"  seed {each['seed']} {each['mean']} ({run})"


def _made_with(param: str) -> dict[str, Any]:
    """Return a parameter that the means were made with, as their record has it."""
    record = records.read(METRICS)
    found: dict[str, Any] = record["params"].get(param, {}) if record else {}
    return found


def _of_average(row: dict[str, str], levels: Mapping[str, int]) -> Iterator[str]:
    """Yield what an average is the mean of: a mean on each test set, and its run file."""
    yield f"{row['mean']} is the mean {row['metric']} of {row['system']}"
    yield f"by {row['test_set']}, over {row['queries']} topics of these test sets, each of the same"
    yield f"weight ({METRICS}; explain any of the means for its topics and its training):"
    measures = averaged(Measure(row["test_set"], row["metric"]), {row["test_set"]: levels})
    wanted = {(m.test_set, m.metric, "" if m.level is None else str(m.level)) for m in measures}
    first_stages = _made_with("grid")["first_stages"] if row["system"] == VARIOUS.name else {}
    own = {name: each["name"] for name, each in first_stages.items()}
    for _, each in _rows(Path(METRICS), OF_SEED):
        is_part = (each["test_set"], each["metric"], each["level"]) in wanted
        is_own = each["system"] == own.get(each["test_set"])
        if is_part and (is_own or _is_same_system(each, row)):
            run = ", ".join(_run_files(each)) or "no run file is known"
            yield f"  {each['test_set']} {each['mean']} over {each['queries']} topics ({run})"


def _is_same_system(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Return whether two rows are of one system: a chosen epoch is also called the best."""
    labels = ("model", "optimizer", "epoch", "seed")
    of_training = all(one[key] and one[key] == other[key] for key in labels)
    return of_training or one["system"] == other["system"]


def _topics(row: dict[str, str]) -> list[str]:
    """Return the value of each topic, the highest first."""
    measure = Measure(row["test_set"], row["metric"], int(row["level"]) if row["level"] else None)
    values = Replicate(read_table(PER_QUERY), PER_QUERY, {}).named(measure, row["system"])
    ordered = values.sort_values(ascending=False, kind="stable")
    told = "   ".join(f"{qid} {value:.4f}" for qid, value in ordered.items())
    return textwrap.wrap(told, _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _run_files(row: dict[str, str]) -> list[str]:
    """Return the run file that a row was computed from, which the record of its values names."""
    record = records.read(f"results/per_query/{row['test_set']}.parquet")
    read = record["made_from"] if record else {}
    return [path for path in read if Path(path).name == f"{row['system']}.trec"]


def _training(chain: descent.Chain, row: Mapping[str, str]) -> Iterator[str]:
    """Yield the settings that the checkpoint behind a run file was trained with, and its log."""
    trained = [link.path for link in chain.values() if link.rule == "train_epoch"]
    # Behind the best epoch are those that it was chosen from.
    own = checkpoint_name(training_of(row["system"]), row["epoch"])
    for path in ([path for path in trained if Path(path).name == own] or trained)[:1]:
        record = records.read(path)
        settings = record["params"].get("settings", {}) if record else {}
        chosen = [each for each in chain[path].made_from if each.endswith(_POINT)]
        points = {each: read_json(each) for each in chosen}
        for point in points.values():
            settings = with_point(settings, point)
        told = ", ".join(f"{key} {value}" for key, value in settings.items())
        yield from textwrap.wrap(f"{path} was trained with {told}.", _WIDTH)
        for file, point in points.items():
            choice = f"{file.removesuffix(_POINT)}{_CHOICE}"
            yield f"A search chose {wording.listed(point)}: {choice} has all trials."
        yield f"The log of its epoch is training/{Path(path).name}.jsonl."


def _windows(number: Number) -> Iterator[str]:
    """Yield what a percentage of the windows with the highest logit is of."""
    for place, row in _rows(Path(WINDOWS), OF_WINDOWS):
        if not (is_number(row["first"]) and is_number(row["beyond"])):
            continue  # they are shares of no candidates
        shares = {
            "is another one than the first": 1 - float(row["first"]),
            f"begins beyond the first {BEYOND} tokens": float(row["beyond"]),
        }
        which = "" if row["candidates"] == ALL else f"{row['candidates']} "
        for told, share in shares.items():
            if number.stands_for(str(100 * share)):
                yield (
                    f"{number.text} is the percentage of {row['several']} {which}candidates in "
                    f"several windows of {row['window']} tokens,\n"
                    f"each {row['stride']} after the one before, of which the window with the "
                    f"highest logit {told},\nby {row['system']} on {row['test_set']} ({place}), "
                    "made from:\n" + descent.to_text(descent.trace(WINDOWS), depth=1)
                )


def _cells(number: Number) -> Iterator[str]:
    for path in sorted(TABLES.glob("*.csv")):
        for place, row in _rows(path):
            columns = [column for column, cell in row.items() if number.stands_for(cell)]
            if columns:
                named = ", ".join(cell for cell in row.values() if cell and not is_number(cell))
                yield (
                    f"{place} has it in column {', '.join(columns)} ({named}), made from:\n"
                    + descent.to_text(descent.trace(str(path)), depth=1)
                )


def _rows(path: Path, columns: Collection[str] = ()) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield place, as file and line, and cells of the rows of a CSV file, if there is one."""
    return csv_rows(path, columns, AGAIN) if path.exists() else iter(())


def _commit() -> str:
    path = Path("paper", "provenance.json")
    if not path.exists():
        return "No commit is known: paper/provenance.json is not here."
    git = read_json(path)["git"]
    dirty = ", with changes that are in no commit" if git["dirty"] else ""
    return f"The paper was made by commit {git['commit']}{dirty}, as {path} has it."
