"""What the words of a sentence claim of the results, written as data beside them.

The filter `says` leaves a claim at the words that make it, and `placed` writes each claim on a
comment line of its own above the line of its words, which keeps its spaces:

    % says: {"kind": "above", "left": "lion", "right": "adamw", ..., "words": "above AdamW on GTE"}
    Lion is above AdamW on GTE.

Tests read these lines and compare them with what the tables print, so that a sentence may be
reworded as long as it says the same. Systems, models and measures have the names of files and
config in them.
"""

import json
import re
from typing import Any

from markupsafe import Markup

from lionrank.paper.latex import escape
from lionrank.paper.source_map import unmarked

PREFIX = "% says: "
_ORDER = frozenset({"left", "right", "measure"})
_AMOUNT = frozenset({"what"})
KINDS = {
    "above": _ORDER,
    "below": _ORDER,
    "level with": _ORDER,
    "best": frozenset({"systems", "measure"}),
    "count": frozenset({"what", "count", "total"}),
    "none": _AMOUNT,
    "some": _AMOUNT,
    "all": _AMOUNT,
    "value": frozenset({"what", "of"}),
    "verdict": frozenset({"claim", "verdict"}),
    "absent": frozenset({"what"}),
}
"""The kinds of claims, with what each must name at least.

Two systems stand above, below or level; systems are best, all that share the best value; so many of
all are something, or none, some but not all, or all of them; a value is what the words print.
"""

# Characters that no text from outside brings along: `latex.escape` prints others for them.
_START, _END = "\x03", "\x04"
_MARKED = re.compile(f"{_START}(.*?){_END}")


class Said(Markup):
    """Words that claim something: `marked` has the claim too, and is what is to be printed.

    The words compare as a plain string does, so that a template may choose by them.
    """

    marked: Markup

    @classmethod
    def of(cls, words: str, kind: str | None = None, **named: Any) -> "Said":
        said = cls(escape(words))
        said.marked = says(said, kind, **named)
        return said


def says(words: str, kind: str | None = None, **named: Any) -> Markup:
    """Return words, escaped, with a mark of what they claim; without a kind, they are the kind.

    Raises:
        ValueError: there is no such kind, or what it must name is not among `named`.
    """
    kind = str(words) if kind is None else kind
    if kind not in KINDS:
        raise ValueError(f"says: no kind is named {kind!r}; known: {', '.join(KINDS)}.")
    if absent := KINDS[kind] - named.keys():
        raise ValueError(f"says: {kind!r} must name {', '.join(sorted(absent))}.")
    words = escape(words)
    claim = {"kind": kind, **named, "words": " ".join(unmarked(_MARKED.sub("", words)).split())}
    return Markup(f"{_START}{json.dumps(claim)}{_END}{words}")


def placed(text: str) -> str:
    """Return rendered text with each claim on a comment line above the line of its words."""
    lines: list[str] = []
    for line in text.split("\n"):
        claims = _MARKED.findall(line)
        lines += [PREFIX + claim for claim in claims]
        rest = _MARKED.sub("", line)
        # A blank line would end the paragraph.
        if unmarked(rest).strip() or not claims:
            lines.append(rest)
    return "\n".join(lines)
