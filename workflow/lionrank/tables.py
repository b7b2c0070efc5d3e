"""The tables of the set-up: the settings of the trainings, and the collection."""

from collections.abc import Mapping
from typing import Any

from lionrank.errors import UserError
from lionrank.grid import Grid
from lionrank.latex import escape
from lionrank.tabular import model_lines, row, tabular

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
        row(["Model", "Optimizer", *(_SETTINGS[key] for key in columns)]),
    ]
    for model in grid.models:
        lines.append(r"\midrule")
        names = model_lines(model)
        for optimizer, label in grid.optimizers.items():
            training = settings[f"{model.name}_{optimizer}"]
            values = [setting(training[key], key) for key in columns]
            lines.append(row([names.pop(0) if names else "", escape(label), *values]))
        if names:
            lines.append(row([names.pop(0), *[""] * (len(columns) + 1)]))
    if shared:
        listed = "; ".join(
            f"{_SETTINGS[key].lower()} {setting(v, key)}" for key, v in shared.items()
        )
        note = rf"\parbox{{\linewidth}}{{\raggedright\strut All trainings: {listed}.\strut}}"
        return tabular(lines, "tables") + "\n".join(["", r"\smallskip", note]) + "\n"
    return tabular(lines, "tables")


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
        return row([label, *[""] * last, _count(value)])

    lines = [
        rf"\begin{{tabular}}{{@{{}}l*{{{len(splits)}}}{{r}}@{{}}}}",
        r"\toprule",
        row(["", *splits.values()]),
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
    return tabular(lines, "tables")


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
        row([label, *(_count(counts[s]) if s in counts else "--" for s in splits)])
        for label, counts in rows
    ]


def _count(value: float) -> str:
    """Return an integer as it is and any other number with one decimal."""
    return rf"\num{{{value}}}" if isinstance(value, int) else rf"\num{{{value:.1f}}}"
