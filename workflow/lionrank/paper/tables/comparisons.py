"""The tables of the tested comparisons, of results/comparisons.json (comparisons.py)."""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from lionrank.evaluation.comparisons import ContrastRecord, alpha, of_family, on_primary
from lionrank.grid import FIRST_STAGE, FIRST_STAGE_LABEL, Grid
from lionrank.measures import METRICS
from lionrank.paper.latex import escape
from lionrank.paper.tables.tabular import bold, effect, interval, p_value, row, tabular
from lionrank.wording import DIGITS, score

_HEADINGS = {
    "optimizers": "Optimizers",
    "models": "Backbones",
    "first_stage": "First stage",
}
_SCORE = f"S[table-format=1.{DIGITS}]"
_DIFFERENCE = f"S[table-format=-1.{DIGITS}]"


def chosen_table(
    compared: Mapping[str, Any], labels: Mapping[str, str], primary: str, grid: Grid
) -> str:
    """Return the table of the contrasts at the epochs that development data chose.

    Those between optimizers are on every measure that was compared, the others on the primary one.
    With several seeds the last column is the standard deviation of the difference over them.

    Args:
        compared: comparisons.json.
        labels: the label of each test set.
        primary: the first test set.
        grid: what was trained.
    """
    spread = compared["seeds"] > 1
    heads = [
        *("Contrast", "{Left}", "{Right}", r"{$\Delta$}", "[interval]", "{$p$, Holm}"),
        *("{$p$, rand.}", "{$p$, $t$}", "{$d_z$}", "W/T/L", "{Detectable}"),
        *(["{SD, seeds}"] if spread else []),
    ]
    # Braces around an S column's content keep siunitx from parsing what is no plain number.
    kinds = f"l{_SCORE}{_SCORE}{_DIFFERENCE}crrrrc{_SCORE}" + (_SCORE if spread else "")
    lines = [rf"\begin{{tabular}}{{@{{}}{kinds}@{{}}}}", r"\toprule", row(heads)]
    for (family, test_set, metric), group in groupby(chosen(compared, primary), _block):
        among = list(group)
        title = (
            rf"{_HEADINGS[family]}: {METRICS[metric]} on {escape(labels[test_set])}, "
            rf"\num{{{among[0]['queries']}}} topics"
        )
        lines += [
            r"\midrule",
            row([rf"\multicolumn{{{len(heads)}}}{{@{{}}l}}{{\emph{{{title}}}}}"]),
            *(_row(each, alpha(compared), grid, spread) for each in among),
        ]
    return tabular(lines, __name__)


def chosen(compared: Mapping[str, Any], primary: str) -> list[ContrastRecord]:
    """Return the contrasts at the chosen epochs in the order of their table."""
    contrasts = []
    for family in _HEADINGS:
        found = of_family(compared, family)
        contrasts += found if family == "optimizers" else on_primary(found, primary)
    return contrasts


def by_epoch(compared: Mapping[str, Any], primary: str) -> list[ContrastRecord]:
    """Return the contrasts between optimizers at each epoch in the order of their table."""
    return on_primary(of_family(compared, "optimizers_by_epoch"), primary)


def _block(contrast: ContrastRecord) -> tuple[str, str, str]:
    return contrast["family"], contrast["test_set"], contrast["metric"]


def comparisons_rows(contrasts: Sequence[ContrastRecord], grid: Grid) -> list[dict[str, object]]:
    """Return contrasts as rows of plain values, all that comparisons.json says of them."""
    return [
        {
            **{key: contrast[key] for key in ("family", "test_set", "metric", "level", "queries")},
            **_side(contrast, "left", grid),
            **_side(contrast, "right", grid),
            **{key: contrast[key] for key in ("difference", "low", "high")},
            **{key: contrast[key] for key in ("p_holm", "p_randomization", "p_t")},
            "effect_size": _effect_size(contrast),
            **{key: contrast[key] for key in ("wins", "ties", "losses", "detectable", "spread")},
        }
        for contrast in contrasts
    ]


def _side(contrast: ContrastRecord, side: str, grid: Grid) -> dict[str, object]:
    """Return what is on one side of a contrast; the first stage is a model without optimizer."""
    training = contrast[side]["training"]
    model, optimizer = (
        (FIRST_STAGE_LABEL, None) if training == FIRST_STAGE else grid.training(training).labels
    )
    return {
        f"{side}_model": model,
        f"{side}_optimizer": optimizer,
        f"{side}_epochs": sorted(set(contrast[f"{side}_epochs"])),
        f"{side}_mean": contrast[f"{side}_mean"],
    }


def _row(contrast: ContrastRecord, alpha: float, grid: Grid, spread: bool) -> str:
    return row(
        [
            _described(contrast, grid),
            score(contrast["left_mean"]),
            score(contrast["right_mean"]),
            score(contrast["difference"]),
            interval(contrast["low"], contrast["high"]),
            bold(p_value(contrast["p_holm"]), contrast["p_holm"] < alpha),
            p_value(contrast["p_randomization"]),
            p_value(contrast["p_t"]),
            effect(_effect_size(contrast)),
            "/".join(str(contrast[key]) for key in ("wins", "ties", "losses")),
            score(contrast["detectable"]),
            *([score(contrast["spread"])] if spread else []),
        ]
    )


def _effect_size(contrast: ContrastRecord) -> float:
    """Return the effect size; JSON has null for an infinite one, whose sign is the difference's."""
    if contrast["effect_size"] is None:
        return math.copysign(math.inf, contrast["difference"])
    return contrast["effect_size"]


def _described(contrast: ContrastRecord, grid: Grid) -> str:
    """Return what is compared, with the epochs in parentheses: "MiniLM: Lion (2) - AdamW (3)"."""
    left = grid.training(contrast["left"]["training"]).labels
    if contrast["right"]["training"] == FIRST_STAGE:
        epochs = _epochs(contrast["left_epochs"])
        return rf"{escape(' with '.join(left))} ({epochs}) $-$ {FIRST_STAGE_LABEL}"
    right = grid.training(contrast["right"]["training"]).labels
    # What both sides share is said once; trainings of one contrast share model or optimizer.
    shared, place = (left[0], 1) if left[0] == right[0] else (left[1], 0)
    return (
        rf"{escape(shared)}: {escape(left[place])} ({_epochs(contrast['left_epochs'])}) $-$ "
        rf"{escape(right[place])} ({_epochs(contrast['right_epochs'])})"
    )


def _epochs(epochs: Sequence[int]) -> str:
    """Return the epochs that were chosen, each once: seeds may differ in them."""
    return ", ".join(map(str, sorted(set(epochs))))


def by_epoch_table(compared: Mapping[str, Any], primary: str, grid: Grid) -> str:
    """Return the compact table of the contrasts between optimizers at each epoch.

    On the primary measure; empty where the config does not name that family.
    """
    contrasts = by_epoch(compared, primary)
    if not contrasts:
        return "% template: workflow/lionrank/paper/tables/comparisons.py\n"
    lines = [
        rf"\begin{{tabular}}{{@{{}}lc{_DIFFERENCE}crc@{{}}}}",
        r"\toprule",
        row(["Contrast", "Epoch", r"{$\Delta$}", "[interval]", "{$p$, Holm}", "W/T/L"]),
    ]
    for names, group in groupby(
        contrasts, lambda e: (e["left"]["training"], e["right"]["training"])
    ):
        (model, left), (_, right) = (grid.training(name).labels for name in names)
        cells = [str(escape(model)), rf"{escape(left)} $-$ {escape(right)}"]
        lines.append(r"\midrule")
        for contrast in group:
            p_holm = contrast["p_holm"]
            lines.append(
                row(
                    [
                        cells.pop(0) if cells else "",
                        str(contrast["left"]["epoch"]),
                        score(contrast["difference"]),
                        interval(contrast["low"], contrast["high"]),
                        bold(p_value(p_holm), p_holm < alpha(compared)),
                        "/".join(str(contrast[key]) for key in ("wins", "ties", "losses")),
                    ]
                )
            )
    return tabular(lines, __name__)
