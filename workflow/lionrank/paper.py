"""The text of the paper: what the results say, and the templates that say it.

Templates are jinja2 with delimiters that LaTeX does not use: `<< value >>`, `<% statement %>` and
`<# comment #>`. Every value is escaped for LaTeX on its way out, and an unknown one is an error.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from traceback import walk_tb
from typing import Any

import jinja2
from markupsafe import Markup

from lionrank.errors import UserError
from lionrank.latex import escape
from lionrank.tables import (
    DIGITS,
    FIRST_STAGE,
    METRICS,
    Grid,
    Model,
    Results,
    checkpoint,
    setting,
    split_settings,
)

PRIMARY = "ndcg_cut_10"
LOSS_DIGITS = 3

_WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_STAGES = ("collections", "retrieval", "training", "reranking", "evaluation")
_PLURALS = {"query": "queries"}


@dataclass(frozen=True)
class Comparison:
    """Two printed values of one measure, and what may be said of them."""

    left: float
    right: float
    digits: int = DIGITS

    @property
    def relation(self) -> str:
        """Either "above", "below" or "level with", of left to right."""
        if self.left == self.right:
            return "level with"
        return "above" if self.left > self.right else "below"

    @property
    def margin(self) -> float:
        return round(abs(self.left - self.right), self.digits)


@dataclass(frozen=True)
class Training:
    """One training: its scores by epoch in the primary metric, and its last mean loss."""

    model: Model
    optimizer: str
    label: str
    scores: Mapping[int, float]
    loss: float | None = None

    @property
    def best(self) -> float:
        return max(self.scores.values())

    @property
    def best_epochs(self) -> list[int]:
        return [epoch for epoch, score in self.scores.items() if score == self.best]

    @property
    def rises(self) -> bool:
        """Whether every epoch is above the one before it."""
        scores = list(self.scores.values())
        return all(left < right for left, right in pairwise(scores))

    @property
    def ends_best(self) -> bool:
        """Whether the last epoch is above all others."""
        return self.best_epochs == [max(self.scores)]


@dataclass(frozen=True)
class Duel:
    """Lion against AdamW on one model."""

    model: Model
    lion: Training
    adamw: Training

    @property
    def best(self) -> Comparison:
        return Comparison(self.lion.best, self.adamw.best)

    @property
    def by_epoch(self) -> list[Comparison]:
        return [Comparison(self.lion.scores[e], self.adamw.scores[e]) for e in self.lion.scores]

    @property
    def loss(self) -> Comparison | None:
        if self.lion.loss is None or self.adamw.loss is None:
            return None
        return Comparison(self.lion.loss, self.adamw.loss, LOSS_DIGITS)

    @property
    def loss_agrees(self) -> bool:
        """Whether the optimizer with the lower loss has the higher best score."""
        return self.loss is not None and {self.loss.relation, self.best.relation} == {
            "above",
            "below",
        }


@dataclass(frozen=True)
class Findings:
    """Everything that the prose may say about the results, computed from them."""

    results: Results
    grid: Grid
    trainings: tuple[Training, ...]

    @property
    def first_stage(self) -> float:
        return self.results.scores[FIRST_STAGE][PRIMARY]

    @property
    def checkpoints(self) -> list[str]:
        return self.grid.checkpoints()

    @property
    def best(self) -> list[str]:
        """The checkpoints that share the highest primary score."""
        return self.results.best(PRIMARY, self.checkpoints)

    @property
    def against_first_stage(self) -> Comparison:
        best = self.results.scores[self.best[0]][PRIMARY]
        return Comparison(best, self.first_stage)

    @property
    def above_first_stage(self) -> list[str]:
        scores = self.results.scores
        return [name for name in self.checkpoints if scores[name][PRIMARY] > self.first_stage]

    @property
    def level_with_first_stage(self) -> list[str]:
        scores = self.results.scores
        return [name for name in self.checkpoints if scores[name][PRIMARY] == self.first_stage]

    @property
    def columns_led(self) -> list[str]:
        """Metrics in which a best checkpoint also has the highest value of all systems."""
        return [m for m in METRICS if set(self.results.best(m)) & set(self.best)]

    @property
    def columns_of_first_stage(self) -> list[str]:
        """Metrics in which no checkpoint reaches the first stage."""
        return [m for m in METRICS if self.results.best(m) == [FIRST_STAGE]]

    @property
    def duels(self) -> list[Duel]:
        """Lion against AdamW for each model, or nothing where one of them was not trained."""
        if not {"lion", "adamw"} <= set(self.grid.optimizers):
            return []
        by_name = {(t.model.name, t.optimizer): t for t in self.trainings}
        return [
            Duel(m, by_name[m.name, "lion"], by_name[m.name, "adamw"]) for m in self.grid.models
        ]

    def of_model(self, model: Model) -> list[str]:
        names = self.grid.optimizers
        return [checkpoint(model.name, name, epoch) for name in names for epoch in self.grid.epochs]

    @property
    def best_described(self) -> list[str]:
        """The best checkpoints in words, "MiniLM with Lion at epoch 2"."""
        words = {
            checkpoint(model.name, optimizer, epoch): f"{model.label} with {label} at epoch {epoch}"
            for model in self.grid.models
            for optimizer, label in self.grid.optimizers.items()
            for epoch in self.grid.epochs
        }
        return [words[name] for name in self.best]


def find(results: Results, grid: Grid, losses: Mapping[str, float] | None = None) -> Findings:
    """Compute the findings; `losses` maps `{model}_{optimizer}` to the last epoch's mean loss."""
    trainings = []
    for model, optimizer in grid.trainings():
        scores = {
            epoch: results.scores[checkpoint(model.name, optimizer, epoch)][PRIMARY]
            for epoch in grid.epochs
        }
        loss = (losses or {}).get(f"{model.name}_{optimizer}")
        rounded = None if loss is None else round(loss, LOSS_DIGITS)
        trainings.append(Training(model, optimizer, grid.optimizers[optimizer], scores, rounded))
    return Findings(results, grid, tuple(trainings))


def make_facts(
    findings: Findings,
    settings: Mapping[str, Mapping[str, Any]],
    provenance: Mapping[str, Any],
    **others: Any,
) -> dict[str, Any]:
    """Return what the templates may use, by name.

    `others` are passed on as they are: parts of the config (`paper`, `backbones`, `retrieval`,
    `pairs`, `relevance_level`; `selection` and `training`, the entries of the collections that are
    tested and trained on), the test set's `label`, the `collection`'s name and `statistics`, and
    `smoothing`, the part of an epoch that the running mean in the loss figure covers.
    """
    _, shared = split_settings(settings, findings.grid)
    return others | {
        "findings": findings,
        "grid": findings.grid,
        "metrics": METRICS,
        "primary": METRICS[PRIMARY],
        "provenance": provenance,
        "queries": findings.results.queries,
        "shared": shared,
        "stages": _in_order(provenance["stages"]),
    }


def _in_order(stages: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stages in the order in which data flows through them."""
    known = [stage for stage in _STAGES if stage in stages]
    return {stage: stages[stage] for stage in [*known, *sorted(set(stages) - set(known))]}


def render(folder: str | os.PathLike, facts: Mapping[str, Any], name: str = "main.tex.j2") -> str:
    """Render the template `name` of `folder` with `facts`.

    Raises:
        UserError: a template is missing or malformed, or uses a value that is not known; names
            template, line and key.
    """
    environment = _environment(Path(folder))
    try:
        return environment.get_template(name).render(facts)
    except jinja2.TemplateNotFound as error:
        raise UserError(f"{folder}: there is no template {error.name}; write it.") from None
    except jinja2.TemplateSyntaxError as error:
        raise UserError(f"{error.name}, line {error.lineno}: {error.message}") from None
    except (jinja2.TemplateRuntimeError, LookupError, TypeError, ValueError) as error:
        place = _place(error, Path(folder))
        if place is None:
            raise
        raise UserError(f"{place}: {error}") from None


def _place(error: Exception, folder: Path) -> str | None:
    """Return template and line that an error came from, or None if it came from none."""
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    inside = [(name, line) for name, line in frames if name.endswith(".j2")]
    if not inside:
        return None
    path, line = inside[-1]
    return f"{Path(path).relative_to(folder)}, line {line}"


def _environment(folder: Path) -> jinja2.Environment:
    # Autoescaping makes jinja mark what templates produce as safe; the escaping itself is done
    # by `finalize`, which sees each value before jinja would escape it for HTML.
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_printed,
    )
    environment.filters |= {
        "score": lambda value: f"{value:.{DIGITS}f}",
        "loss": lambda value: f"{value:.{LOSS_DIGITS}f}",
        "number": lambda value: Markup(setting(value)),
        "decimal": lambda value: Markup(rf"\num{{{value:.1f}}}"),
        "listed": listed,
        "duration": duration,
        "gib": gib,
        "identifier": identifier,
        "metric": METRICS.__getitem__,
        "epochs": lambda epochs: f"epoch{'s' if len(epochs) > 1 else ''} {listed(epochs)}",
    }
    environment.globals |= {"word": word, "counted": counted}
    return environment


def _printed(value: object) -> Markup:
    if value is None:
        raise ValueError("a value is null; test for it before printing it")
    return escape(value)


def word(count: int) -> str:
    """Return a count as a word up to twelve, and in digits beyond."""
    return _WORDS[count] if 0 <= count < len(_WORDS) else str(count)


def counted(count: int, noun: str) -> str:
    """Return count and noun in agreement, "one model" or "three models"."""
    return f"{word(count)} {noun if count == 1 else _PLURALS.get(noun, noun + 's')}"


def listed(items: Iterable[object]) -> Markup:
    """Return items as an English list, "A, B and C", escaped for LaTeX."""
    # Plain strings: a Markup that is added to one would escape it for HTML.
    *first, last = [str(escape(item)) for item in items]
    return Markup(", ".join(first) + " and " + last if first else last)


def identifier(name: str) -> Markup:
    """Return a name in typewriter letters that may break after its punctuation."""
    breakable = re.sub(r"([-/.:]|\\_)", r"\1\\allowbreak{}", escape(name))
    return Markup(rf"\texttt{{{breakable}}}")


def gib(size: float) -> Markup:
    """Return a number of bytes in GiB, with a decimal below ten."""
    value = size / 2**30
    return Markup(rf"\qty{{{value:.{0 if value >= 9.95 else 1}f}}}{{\gibi\byte}}")


def duration(seconds: float) -> Markup:
    """Return a time in its two largest units, "1 h 5 min", "3 min 20 s" or "12 s"."""
    total = round(seconds)
    hours, minutes, rest = total // 3600, total % 3600 // 60, total % 60
    parts: Sequence[tuple[int, str]] = [(hours, r"\hour"), (minutes, r"\minute")]
    if hours == 0:
        parts = [(minutes, r"\minute"), (rest, r"\second")]
    shown = [rf"\qty{{{value}}}{{{unit}}}" for value, unit in parts if value]
    return Markup("~".join(shown) or r"\qty{0}{\second}")
