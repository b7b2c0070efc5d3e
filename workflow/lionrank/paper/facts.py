"""The text of the paper: what the results say, and the templates that say it.

Templates are jinja2 with delimiters that LaTeX does not use: `<< value >>`, `<% statement %>` and
`<# comment #>`. Every value is escaped for LaTeX on its way out, and an unknown one is an error.
"""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from traceback import walk_tb
from typing import Any

import jinja2
from markupsafe import Markup

from lionrank import wording
from lionrank.errors import UserError
from lionrank.evaluation.comparisons import alpha
from lionrank.evaluation.significance import ALPHA, POWER, is_exact
from lionrank.measures import GRADED, METRICS
from lionrank.paper.costs import costs
from lionrank.paper.findings import LOSS_DIGITS, Findings
from lionrank.paper.latex import escape, quantities
from lionrank.paper.origins import link
from lionrank.paper.prose import listed, macros
from lionrank.paper.provenance import STAGES
from lionrank.paper.results import Layout
from lionrank.paper.says import Said, placed, says
from lionrank.paper.settings import setting, shared_settings
from lionrank.paper.standing import Standing
from lionrank.paper.tables.tabular import breakable, p_value
from lionrank.wording import score

_WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_PLURALS = {"query": "queries"}


def make_facts(
    findings: Findings,
    settings: Mapping[str, Mapping[str, Any]],
    provenance: Mapping[str, Any],
    compared: Mapping[str, Any],
    standing: Standing,
    *,
    claims: Mapping[str, Any],
    efficiency: Mapping[str, Any],
    paper: Mapping[str, Any],
    **others: Any,
) -> dict[str, Any]:
    """Return what the templates may use, by name.

    `settings` are the resolved ones of each training; `compared`, `claims` and `efficiency` the
    contents of comparisons.json, claims.json and efficiency.json; `paper` that part of the config.
    `others` are passed on as they are: `changes`, the content of changes.json; parts of the config
    (`backbones`, `retrieval`, `pairs`; `selection` and `training`, the entries of the collections
    that are tested and trained on); the labels of the `dev_sets`, the `collection`'s name and
    `statistics`, and `smoothing`, the part of an epoch that the running mean in the figure of the
    training curves covers. The functions of `lionrank.paper.prose` are among the facts, too.
    """
    shared = shared_settings(settings, findings.grid)
    layout, queries = findings.results.layout, findings.results.queries
    functions = macros(findings, claims, compared) | {"made_by": partial(link, provenance)}
    return (
        others
        | functions
        | {
            "beside_published": paper["beside_published"],
            "claims": claims,
            "costs": costs(findings, efficiency["trainings"]),
            "efficiency": efficiency,
            "findings": findings,
            "grid": findings.grid,
            "label": layout.test_sets[layout.primary.test_set].label,
            "leveled": [layout.test_sets[name].label for name in layout.with_levels],
            "paper": paper,
            "measures": list(dict.fromkeys(METRICS[c.metric] for c in layout.columns)),
            "primary": METRICS[layout.primary.metric],
            "provenance": provenance,
            "queries": queries[layout.primary.test_set],
            "settings": settings,
            "shared": shared,
            "shown": [
                (layout.test_sets[name].label, queries[name]) for name in layout.shown_test_sets
            ],
            "stages": _in_order(provenance["stages"]),
            "standing": standing,
            "tests": _tests(compared, queries[layout.primary.test_set]),
            "thresholds": _thresholds(layout),
        }
    )


def _tests(compared: Mapping[str, Any], queries: int) -> dict[str, Any]:
    """Return how the comparisons were tested; `percent` is the confidence of the intervals."""
    settings = compared["settings"]
    return settings | {
        "alpha": alpha(compared),
        "percent": round(100 * settings["confidence"], 6),
        "exact": is_exact(queries, settings["permutations"]),
        "power": POWER,
        "power_alpha": ALPHA,
        "seeds": compared["seeds"],
    }


def _thresholds(layout: Layout) -> list[tuple[int, list[str]]]:
    """Return each least grade with the test sets whose binary columns take it."""
    found: dict[int, dict[str, None]] = {}
    for column in layout.columns:
        if column.metric != GRADED:
            found.setdefault(column.level, {})[layout.test_sets[column.test_set].label] = None
    return [(level, list(labels)) for level, labels in sorted(found.items())]


def _in_order(stages: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stages in the order in which data flows through them."""
    return {stage: stages[stage] for stage in STAGES if stage in stages}


def render(folder: str | os.PathLike, facts: Mapping[str, Any], name: str = "main.tex.j2") -> str:
    """Render the template `name` of `folder` with `facts`.

    Raises:
        UserError: a template is missing or malformed, or uses a value that is not known; names
            template, line and key.
    """
    environment = _environment(Path(folder))
    try:
        return placed(environment.get_template(name).render(facts))
    except jinja2.TemplateNotFound as error:
        raise UserError(f"{folder}: there is no template {error.name}; write it.") from None
    except jinja2.TemplateSyntaxError as error:
        raise UserError(f"{error.name}, line {error.lineno}: {error.message}") from None
    except (jinja2.TemplateRuntimeError, LookupError, TypeError, UserError, ValueError) as error:
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
        "score": score,
        "loss": lambda value: f"{value:.{LOSS_DIGITS}f}",
        "number": lambda value: Markup(setting(value)),
        "decimal": lambda value: Markup(rf"\num{{{value:.1f}}}"),
        "listed": listed,
        "duration": lambda seconds: quantities(wording.duration(seconds)),
        "gib": lambda size: quantities(wording.gib(size)),
        "identifier": identifier,
        "p_value": p_in_words,
        "says": says,
        "plain": lambda value: f"{value:g}",
        "difference": lambda value: Markup(rf"\num{{{score(value)}}}"),
        "epochs": lambda epochs: f"epoch{'s' if len(epochs) > 1 else ''} {listed(epochs)}",
    }
    environment.globals |= {"word": word, "counted": counted, "share": share}
    return environment


def _printed(value: object) -> Markup:
    if value is None:
        raise ValueError("a value is null; test for it before printing it")
    return value.marked if isinstance(value, Said) else escape(value)


def word(count: int) -> str:
    """Return a count as a word up to twelve, and in digits beyond."""
    return _WORDS[count] if 0 <= count < len(_WORDS) else str(count)


def counted(count: int, noun: str) -> str:
    """Return count and noun in agreement, "one model" or "three models"."""
    return f"{word(count)} {noun if count == 1 else _PLURALS.get(noun, noun + 's')}"


def share(count: int, total: int, noun: str, verb: str = "is") -> str:
    """Return how many of some things are or do something, "one of the two models is".

    `verb` is in the singular: "is", or one to which -s was added.
    """
    plural = "are" if verb == "is" else verb.removesuffix("s")
    if total == 1:
        return f"{'no' if count == 0 else 'the only'} {noun} {verb}"
    if count == total:
        return f"{'both' if total == 2 else f'all {word(total)}'} {noun}s {plural}"
    subject = word(count) if count else "neither" if total == 2 else "none"
    return f"{subject} of the {word(total)} {noun}s {verb if count < 2 else plural}"


def identifier(name: str) -> Markup:
    """Return a name in typewriter letters that may break after its punctuation."""
    return Markup(rf"\texttt{{{breakable(escape(name))}}}")


def p_in_words(p: float) -> Markup:
    """Return a p-value as an equation, or as below the smallest that is printed."""
    printed = p_value(p)
    return Markup(rf"$p {printed.replace('$', '')}$" if "<" in printed else rf"$p = {printed}$")
