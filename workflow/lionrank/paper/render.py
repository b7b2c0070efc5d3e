"""LaTeX from the templates of the paper.

Templates are jinja2 with delimiters that LaTeX does not use: `<< value >>`, `<% statement %>` and
`<# comment #>`. Every value is escaped for LaTeX on its way out, and an unknown one is an error.
"""

import math
import os
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from lionrank import templates, wording
from lionrank.characters import normal
from lionrank.paper.latex import breakable, escape, metadata, quantities
from lionrank.paper.prose import listed
from lionrank.paper.says import Said, placed, says
from lionrank.paper.settings import setting
from lionrank.paper.source_map import Marking, Rendered, read_off
from lionrank.paper.trained import LOSS_DIGITS
from lionrank.wording import DIGITS, score

_DELIMITERS = templates.Delimiters("<%", "%>", "<<", ">>", "<#", "#>")
_WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
# Of a query in a table; whole documents serve as queries, too.
EXCERPT = 200
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
        setting=lambda value, key: Markup(setting(value, key)),
        decimal=lambda value: Markup(rf"\num{{{value:.1f}}}"),
        listed=listed,
        excerpt=excerpt,
        headline=headline,
        metadata=metadata,
        duration=lambda seconds: quantities(wording.duration(seconds)),
        gib=lambda size: quantities(wording.gib(size)),
        identifier=identifier,
        breakable=lambda text: breakable(escape(text)),
        bold=bold,
        spread=spread,
        cell=cell,
        column=column,
        signed=signed,
        stacked=stacked,
        effect=effect,
        p=p_value,
        p_value=p_in_words,
        says=says,
        plain=lambda value: f"{value:g}",
        difference=lambda value: Markup(rf"\num{{{score(value)}}}"),
        epochs=lambda epochs: f"epoch{'s' if len(epochs) > 1 else ''} {listed(epochs)}",
    )
    environment.globals |= {"word": word, "counted": counted, "share": share}
    environment.globals |= {"digits": DIGITS, "interval": interval, "blocks": blocks}
    environment.globals |= {"score_column": score_column}
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


def headline(text: str) -> str:
    """Return words as a caption has them: with capitals, but for the smallest."""
    small = ("a", "an", "as", "by", "in", "of", "on", "the")
    return " ".join(each if each in small else each[:1].upper() + each[1:] for each in text.split())


def p_in_words(p: float) -> Markup:
    """Return a p-value as an equation, or as below the smallest that is printed."""
    printed = p_value(p)
    return Markup(rf"$p {printed.replace('$', '')}$" if "<" in printed else rf"$p = {printed}$")


def p_value(p: float) -> Markup:
    """Return a p-value, or the bound below which it is where its digits would all be 0."""
    least = 10**-DIGITS
    return Markup(rf"$<$\num{{{least:.{DIGITS}f}}}" if p < least else f"{p:.{DIGITS}f}")


def interval(low: float, high: float) -> Markup:
    """Return the bounds of an interval in brackets."""
    return Markup(rf"[\num{{{score(low)}}}, \num{{{score(high)}}}]")


def effect(size: float) -> Markup:
    """Return an effect size with two decimals; it is infinite where nothing varies."""
    if math.isinf(size):
        return Markup(r"$\infty$" if size > 0 else r"$-\infty$")
    return Markup(rf"\num{{{size:.2f}}}")


def bold(text: str, marked: bool = True) -> Markup:
    """Return the content of an S column, bold where it is marked."""
    return Markup(rf"\bfseries {escape(text)}") if marked else escape(text)


def spread(sd: float | None) -> Markup:
    """Return what follows a mean in its S column: the standard deviation, if there is one."""
    return Markup("" if sd is None else rf"{{\,\normalfont\scriptsize$\pm$\num{{{score(sd)}}}}}")


def score_column(with_spread: bool = False) -> Markup:
    """Return an S column of scores, with room for what `spread` makes."""
    room = f", table-space-text-post={{{spread(0.0)}}}" if with_spread else ""
    return Markup(f"S[table-format=1.{DIGITS}{room}]")


def cell(value: float | None) -> Markup:
    """Return the content of an S column: a float with one decimal, and None as a dash."""
    if value is None:
        return Markup("{--}")
    return Markup(f"{value:.1f}" if isinstance(value, float) else value)


def excerpt(text: str) -> Markup:
    """Return a text, or its beginning with dots, in lines that may break after punctuation."""
    plain = normal(text).strip()
    shown = plain if len(plain) <= EXCERPT else f"{plain[:EXCERPT].rstrip()}…"
    return breakable(escape(shown))


def column(values: Iterable[float | None]) -> Markup:
    """Return the S column into which the cells of these values fit."""
    known = [value or 0 for value in values]
    digits = max(len(f"{value:.1f}") - 2 for value in known)
    return Markup(f"S[table-format={digits}.{int(any(isinstance(v, float) for v in known))}]")


def signed(difference: float) -> Markup:
    """Return a difference of scores in text, with a sign that is as wide as any other."""
    printed = score(difference)
    sign = r"\textminus " if printed.startswith("-") else "+" if float(printed) else r"\textpm "
    return Markup(sign + printed.removeprefix("-"))


def stacked(label: str, characters: int) -> Markup:
    """Return a label in as many lines as it takes."""
    lines = [escape(line) for line in textwrap.wrap(label, characters)]
    return Markup(r"\shortstack{" + r"\\".join(lines) + "}" if len(lines) > 1 else lines[0])


def blocks(rows: Iterable[Mapping[str, Any]], *keys: str) -> list[Sequence[Mapping[str, Any]]]:
    """Return the rows that follow each other and have the same values under some keys together."""
    return [list(block) for _, block in groupby(rows, lambda row: [row[key] for key in keys])]
