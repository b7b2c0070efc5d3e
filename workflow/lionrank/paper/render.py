"""LaTeX from the templates of the paper.

Templates are jinja2 with delimiters that LaTeX does not use: `<< value >>`, `<% statement %>` and
`<# comment #>`. Every value is escaped for LaTeX on its way out, and an unknown one is an error.
"""

import os
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from lionrank import templates, wording
from lionrank.paper.findings import LOSS_DIGITS
from lionrank.paper.latex import escape, quantities
from lionrank.paper.prose import listed
from lionrank.paper.says import Said, placed, says
from lionrank.paper.settings import setting
from lionrank.paper.source_map import Marking, Rendered, read_off
from lionrank.paper.tables.tabular import breakable, p_value
from lionrank.wording import score

_DELIMITERS = templates.Delimiters("<%", "%>", "<<", ">>", "<#", "#>")
_WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_PLURALS = {"query": "queries"}


def render(
    folder: str | os.PathLike, facts: Mapping[str, Any], name: str = "main.tex.j2"
) -> Rendered:
    """Render the template `name` of `folder` with `facts`.

    Raises:
        UserError: a template is missing or malformed, or uses a value that is not known or None;
            names template, line and key.
    """
    environment = templates.environment(
        folder,
        _printed,
        _DELIMITERS,
        score=score,
        loss=lambda value: f"{value:.{LOSS_DIGITS}f}",
        number=lambda value: Markup(setting(value)),
        decimal=lambda value: Markup(rf"\num{{{value:.1f}}}"),
        listed=listed,
        duration=lambda seconds: quantities(wording.duration(seconds)),
        gib=lambda size: quantities(wording.gib(size)),
        identifier=identifier,
        p_value=p_in_words,
        says=says,
        plain=lambda value: f"{value:g}",
        difference=lambda value: Markup(rf"\num{{{score(value)}}}"),
        epochs=lambda epochs: f"epoch{'s' if len(epochs) > 1 else ''} {listed(epochs)}",
    )
    environment.globals |= {"word": word, "counted": counted, "share": share}
    environment.loader = marking = Marking(folder)
    return read_off(placed(templates.render(environment, name, facts)), marking.places)


def _printed(value: object) -> Markup:
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
