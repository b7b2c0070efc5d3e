"""The tables of the paper as LaTeX tabulars, and the results that they are made of.

Scores are rounded to the digits that are printed as soon as they are read, so that "best", "above"
and "level with" mean in prose exactly what a reader sees in the table.
"""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lionrank.errors import UserError
from lionrank.latex import escape

FIRST_STAGE = "bm25"
FIRST_STAGE_LABEL = "BM25"
DIGITS = 4
METRICS = {
    "ndcg_cut_10": "nDCG@10",
    "map": "MAP",
    "recip_rank_10": "MRR@10",
    "recall_10": "Recall@10",
    "Rprec": "R-Prec",
    "P_10": "P@10",
}
PRETRAINED = "pretrained"

_SETTINGS = {
    "start": "Start",
    "learning_rate": "Learning rate",
    "weight_decay": "Weight decay",
    "decay_biases_and_norms": "Biases and norms",
    "betas": r"$\beta_1, \beta_2$",
    "schedule": "Schedule",
    "schedule_steps": "Schedule steps",
    "warmup": "Warm-up",
    "max_grad_norm": "Gradient norm limit",
    "global_batch_size": "Batch size",
    "epochs": "Epochs",
    "early_stopping": "Epochs to early stopping",
    "max_length": "Maximum length",
    "precision": "Precision",
    "seed": "Seed",
    "loss": "Loss",
}
_SPLITS = {"train": "Train", "dev": "Dev", "test": "Test"}
_LENGTHS = {
    "query_words_mean": "Words in a query, mean",
    "passage_words_mean": "Words in a passage, mean",
    "passage_words_median": "Words in a passage, median",
    "passage_words_p95": "Words in a passage, 95th percentile",
}


@dataclass(frozen=True)
class Model:
    """A backbone: its key in the config, its printed label and how its weights start."""

    name: str
    label: str
    start: str = PRETRAINED

    @property
    def is_pretrained(self) -> bool:
        return self.start == PRETRAINED


@dataclass(frozen=True)
class Grid:
    """What was trained, in the order in which it is printed."""

    models: tuple[Model, ...]
    optimizers: Mapping[str, str]
    epochs: tuple[int, ...]

    @classmethod
    def build(
        cls,
        models: Mapping[str, Mapping[str, str]],
        optimizers: Mapping[str, str],
        epochs: Iterable[int],
    ) -> "Grid":
        """Make a grid from plain dictionaries: `{name: {label, start}}` and `{name: label}`."""
        return cls(
            tuple(Model(name, facts["label"], facts["start"]) for name, facts in models.items()),
            dict(optimizers),
            tuple(epochs),
        )

    def trainings(self) -> list[tuple[Model, str]]:
        return [(model, optimizer) for model in self.models for optimizer in self.optimizers]

    def checkpoints(self) -> list[str]:
        return [
            checkpoint(model.name, optimizer, epoch)
            for model, optimizer in self.trainings()
            for epoch in self.epochs
        ]


def checkpoint(model: str, optimizer: str, epoch: int) -> str:
    """Return the name of a checkpoint, which is also its system name in the results."""
    return f"{model}_{optimizer}_e{epoch}"


@dataclass(frozen=True)
class Results:
    """Mean scores on one test set, `system -> metric -> value`, rounded to DIGITS decimals."""

    test_set: str
    queries: int
    scores: Mapping[str, Mapping[str, float]]

    def best(self, metric: str, systems: Iterable[str] | None = None) -> list[str]:
        """Return the systems that share the highest value of a metric, in the order given."""
        among = list(self.scores if systems is None else systems)
        top = max(self.scores[system][metric] for system in among)
        return [system for system in among if self.scores[system][metric] == top]


def read_results(path: str | os.PathLike, test_set: str, grid: Grid) -> Results:
    """Read the tidy means of one test set for the first stage and every checkpoint of a grid.

    Raises:
        UserError: a column, a system or a metric is absent, or a value is no number.
    """
    scores: dict[str, dict[str, float]] = {}
    queries: set[int] = set()
    with open(path, newline="", encoding="utf-8") as handle:
        reader = csv.DictReader(handle)
        wanted = {"test_set", "system", "metric", "value", "queries"}
        if absent := wanted - set(reader.fieldnames or ()):
            raise UserError(f"{path}: no column {', '.join(sorted(absent))}; make it again.")
        for number, row in enumerate(reader, start=2):
            if row["test_set"] == test_set:
                scores.setdefault(row["system"], {})[row["metric"]] = _score(row, path, number)
                queries.add(int(row["queries"]))
    systems = [FIRST_STAGE, *grid.checkpoints()]
    _check_complete(scores, systems, test_set, path)
    if len(queries) != 1:
        raise UserError(
            f"{path}: the means of {test_set} cover different numbers of queries "
            f"({', '.join(map(str, sorted(queries)))}); they cannot share a table."
        )
    return Results(test_set, queries.pop(), {system: scores[system] for system in systems})


def _score(row: Mapping[str, str], path: str | os.PathLike, number: int) -> float:
    try:
        value = round(float(row["value"]), DIGITS)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise UserError(
            f"{path}:{number}: {row['metric']} of {row['system']} is {row['value']!r}, "
            "not a number from 0 to 1; evaluate its run file again."
        )
    return value


def _check_complete(
    scores: Mapping[str, Mapping[str, float]],
    systems: Sequence[str],
    test_set: str,
    path: str | os.PathLike,
) -> None:
    for system in systems:
        absent = [metric for metric in METRICS if metric not in scores.get(system, {})]
        if absent:
            raise UserError(
                f"{path}: test set {test_set} has no {', '.join(absent)} for {system}; "
                "evaluate its run file and make the metrics again."
            )


def results_table(results: Results, grid: Grid) -> str:
    """Return the table of all systems with the best value of each metric in bold."""
    best = {metric: set(results.best(metric)) for metric in METRICS}

    def cells(system: str) -> list[str]:
        return [
            (r"\bfseries " if system in best[metric] else "") + f"{score:.{DIGITS}f}"
            for metric in METRICS
            for score in [results.scores[system][metric]]
        ]

    heads = [f"{{{escape(label)}}}" for label in METRICS.values()]
    lines = [
        rf"\begin{{tabular}}{{@{{}}llc*{{{len(METRICS)}}}{{S[table-format=1.{DIGITS}]}}@{{}}}}",
        r"\toprule",
        _row(["Model", "Optimizer", "Epoch", *heads]),
        r"\midrule",
        _row([FIRST_STAGE_LABEL, "", "", *cells(FIRST_STAGE)]),
    ]
    for model in grid.models:
        lines.append(r"\midrule")
        names = _model_lines(model)
        for optimizer, label in grid.optimizers.items():
            for epoch in grid.epochs:
                first = escape(label) if epoch == grid.epochs[0] else ""
                system = checkpoint(model.name, optimizer, epoch)
                name = names.pop(0) if names else ""
                lines.append(_row([name, first, str(epoch), *cells(system)]))
    return _tabular(lines)


def _model_lines(model: Model) -> list[str]:
    """Return the label, and below it the start of a model that is not pretrained."""
    label = str(escape(model.label))
    return [label] if model.is_pretrained else [label, rf"\emph{{({escape(model.start)})}}"]


def hyperparameters_table(settings: Mapping[str, Mapping[str, Any]], grid: Grid) -> str:
    """Return the table of the resolved settings, a training a row.

    A setting that all trainings share is moved from a column to the list below the rows.
    `settings` maps `{model}_{optimizer}` to the settings of that training.
    """
    varying, shared = split_settings(settings, grid)
    columns = [key for key in varying if key != "start"]
    lines = [
        rf"\begin{{tabular}}{{@{{}}ll*{{{len(columns)}}}{{c}}@{{}}}}",
        r"\toprule",
        _row(["Model", "Optimizer", *(_SETTINGS[key] for key in columns)]),
    ]
    for model in grid.models:
        lines.append(r"\midrule")
        names = _model_lines(model)
        for optimizer, label in grid.optimizers.items():
            training = settings[f"{model.name}_{optimizer}"]
            values = [setting(training[key], key) for key in columns]
            lines.append(_row([names.pop(0) if names else "", escape(label), *values]))
        if names:
            lines.append(_row([names.pop(0), *[""] * (len(columns) + 1)]))
    if shared:
        listed = "; ".join(
            f"{_SETTINGS[key].lower()} {setting(v, key)}" for key, v in shared.items()
        )
        note = rf"\parbox{{\linewidth}}{{\raggedright\strut All trainings: {listed}.\strut}}"
        return _tabular(lines) + "\n".join(["", r"\smallskip", note]) + "\n"
    return _tabular(lines)


def split_settings(
    settings: Mapping[str, Mapping[str, Any]], grid: Grid
) -> tuple[list[str], dict[str, Any]]:
    """Return the keys of the settings that differ between trainings, and those all share.

    A setting that is null for all is left out.

    Raises:
        UserError: a training or one of its settings is absent.
    """
    names = [f"{model.name}_{optimizer}" for model, optimizer in grid.trainings()]
    varying, shared = [], {}
    for key in _SETTINGS:
        values = []
        for name in names:
            if key not in settings.get(name, {}):
                raise UserError(f"settings of training {name}: no key {key!r}; see config.yaml.")
            values.append(settings[name][key])
        if all(value == values[0] for value in values):
            if values[0] is not None:
                shared[key] = values[0]
        else:
            varying.append(key)
    return varying, shared


def setting(value: Any, key: str = "") -> str:
    """Return one setting as LaTeX: numbers by siunitx, lists with commas, None as a dash.

    Some keys are printed in words of their own.
    """
    if value is None:
        return "--"
    if key == "warmup":
        share = rf"\qty{{{_plain(100 * value)}}}{{\percent}}"
        return share if value < 1 else rf"\num{{{_plain(value)}}} steps"
    if key == "decay_biases_and_norms":
        return "decayed" if value else "not decayed"
    if isinstance(value, bool | str):
        return str(escape(value))
    if isinstance(value, int | float):
        return rf"\num{{{_plain(value)}}}"
    return ", ".join(setting(item) for item in value)


def _plain(value: float) -> str:
    """Return a number as siunitx reads it, with an exponent where zeros would pile up."""
    if isinstance(value, int) or value == 0 or 1e-2 <= abs(value) < 1e6:
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    mantissa, exponent = f"{value:.5e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def collection_table(statistics: Mapping[str, Any]) -> str:
    """Return the table of a collection's statistics; counts that are absent are left out.

    Raises:
        UserError: the number of documents or of topics is absent.
    """
    for key in ("documents", "topics"):
        if key not in statistics:
            raise UserError(f"statistics.json: no key {key!r}; make the collection again.")
    topics = statistics["topics"]
    names = [*(name for name in _SPLITS if name in topics), *sorted(topics.keys() - _SPLITS.keys())]
    splits = {name: str(escape(_SPLITS.get(name, name))) for name in names}
    last = len(splits) - 1

    def overall(label: str, value: float) -> str:
        return _row([label, *[""] * last, _count(value)])

    lines = [
        rf"\begin{{tabular}}{{@{{}}l*{{{len(splits)}}}{{r}}@{{}}}}",
        r"\toprule",
        _row(["", *splits.values()]),
        r"\midrule",
        *_split_rows(statistics, splits),
        r"\midrule",
        overall("Passages", statistics["documents"]),
    ]
    if "packages" in statistics:
        lines.append(overall("Packages", len(statistics["packages"])))
    lengths = statistics.get("lengths", {})
    lines += [
        overall(label, float(lengths[key])) for key, label in _LENGTHS.items() if key in lengths
    ]
    return _tabular(lines)


def _split_rows(statistics: Mapping[str, Any], splits: Mapping[str, str]) -> list[str]:
    """Return the rows that have one value a split: topics, judgements by grade, pairs."""
    judgements = statistics.get("judgements", {})
    grades = sorted({grade for split in judgements.values() for grade in split}, reverse=True)
    rows = [("Topics", statistics["topics"])]
    for grade in grades:
        by_split = {split: counts.get(grade, 0) for split, counts in judgements.items()}
        rows.append((f"Judgements of grade {escape(grade)}", by_split))
    pairs = statistics.get("pairs", {})
    if pairs and all(isinstance(pairs.get(split, 0), int) for split in splits):
        rows.append(("Training pairs", pairs))
    return [
        _row([label, *(_count(counts[s]) if s in counts else "--" for s in splits)])
        for label, counts in rows
    ]


def _count(value: float) -> str:
    """Return an integer as it is and any other number with one decimal."""
    return rf"\num{{{value}}}" if isinstance(value, int) else rf"\num{{{value:.1f}}}"


def _row(cells: Sequence[object]) -> str:
    return " & ".join(map(str, cells)) + r" \\"


def _tabular(lines: list[str]) -> str:
    """Close a tabular, and name this module as the origin that a LaTeX error is traced to."""
    origin = "% template: workflow/lionrank/tables.py"
    return "\n".join([origin, *lines, r"\bottomrule", r"\end{tabular}"]) + "\n"
