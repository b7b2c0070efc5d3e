"""What a paper claims, read from the comment lines of its LaTeX, and whether its words agree."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lionrank.grid import BEST, Grid
from lionrank.paper.latex import escape
from lionrank.paper.says import KINDS, PREFIX

ORDERS = ("above", "below", "level with")
VERDICTS = {
    "ours": ("replicated", "contradicted", "inconclusive", "not testable"),
    "printed": ("holds", "does not hold", "not testable"),
}
"""Of our results and of the printed values, on a published claim."""
_PLACE = re.compile(r"\\begin\{(abstract)\}|\\((?:sub)?section)\{(.+?)\}")
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
_NONE, _ALL = ("no", "none", "neither"), ("both", "all", "every", "each", "only")
_NEGATION = re.compile(r"\b(?:no|none|neither|nor|not|cannot|never|nothing)\b", re.IGNORECASE)
# What words of the opposite claim would have.
_OPPOSED = {
    "above": r"\b(?:below|lower|less|fewer|level|equal|as much|as many)\b",
    "below": r"\b(?:above|higher|more|level|equal|as much|as many)\b",
    "level with": r"\b(?:above|below|higher|lower|more|less|fewer)\b",
}


@dataclass(frozen=True)
class Claim:
    """A claim with the section and subsection that it stands in, by their titles."""

    section: str
    subsection: str
    named: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        """Return what the claim names so; None where it does not."""
        return self.named.get(name)


class Said(tuple[Claim, ...]):
    """Claims in the order of the text."""

    @classmethod
    def read(cls, source: str) -> "Said":
        return cls(_claims(source))

    def find(self, *kinds: str, **named: Any) -> "Said":
        """Return the claims of some kinds (all, if none is given) that name these things."""
        return Said(
            claim
            for claim in self
            if (not kinds or claim.kind in kinds)
            and all(getattr(claim, key) == value for key, value in named.items())
        )

    def one(self, *kinds: str, **named: Any) -> Claim:
        """Return the only such claim."""
        found = self.find(*kinds, **named)
        assert len(found) == 1, f"{len(found)} claims {kinds} {named}"
        return found[0]


def _claims(source: str) -> Iterator[Claim]:
    section = subsection = ""
    for line in source.splitlines():
        # LaTeX makes a space of the line's end before it.
        assert not line.startswith((".", ",", ";")), f"the words end a line early: {line}"
        if line.startswith(PREFIX):
            yield Claim(section, subsection, json.loads(line.removeprefix(PREFIX)))
        elif match := _PLACE.match(line):
            abstract, level, title = match.groups()
            if level == "subsection":
                subsection = title
            else:
                section, subsection = abstract or title, ""


def amount(words: str) -> int | str | None:
    """Return how many words say that there are: a number, "all", or None where they do not tell."""
    known = [*_NONE, *_ALL, *_NUMBERS]
    match = re.search(rf"\b(?:{'|'.join(known)}|\d+)\b", words, re.IGNORECASE)
    if match is None:
        return None
    word = match[0].lower()
    if word in _NONE:
        return 0
    if word in _ALL:
        return "all"
    return int(word) if word.isdigit() else _NUMBERS.index(word) + 1


def numbers(words: str) -> list[float]:
    r"""Return the numbers that words print, `\num{-0.5}` and "three" among them."""
    spelled = re.sub(
        rf"\b(?:{'|'.join(_NUMBERS)})\b",
        lambda match: str(_NUMBERS.index(match[0].lower()) + 1),
        re.sub(r"\bno\b", "0", words),
        flags=re.IGNORECASE,
    )
    return [float(number) for number in re.findall(r"(?<![\w-])-?\d+(?:\.\d+)?", spelled)]


def seconds(words: str) -> int:
    r"""Return the time that words print, `\qty{1}{\minute}~\qty{2}{\second}`."""
    units = {"hour": 3600, "minute": 60, "second": 1}
    return sum(
        int(value) * units[unit] for value, unit in re.findall(r"\{(\d+)\}\{\\(\w+)\}", words)
    )


def check_words(claim: Claim, grid: Grid) -> None:
    """Check that words do not say the opposite of their claim, another number or other systems.

    However they are worded: only negations, numbers, comparatives and names are looked at.
    """
    words = claim.words
    assert claim.kind in KINDS
    if claim.kind in ORDERS:
        assert not re.search(_OPPOSED[claim.kind], words, re.IGNORECASE)
    if claim.kind in ("none", "absent"):
        assert _NEGATION.search(words)
    if claim.kind == "all":
        assert not _NEGATION.search(words)
    if claim.kind == "count":
        said = amount(words)
        assert said in (None, claim.count, "all" if claim.count == claim.total else None)
        assert {0, claim.count, claim.total}.issuperset(numbers(words))
        _check_verdict(claim)
    labels = {model.label: model.name for model in grid.models}
    if claim.models and (named := {labels[label] for label in _labels(words, labels)}):
        assert named == set(claim.models)
    if claim.kind == "best":
        _check_systems(claim, grid, labels)


def _check_verdict(claim: Claim) -> None:
    """Check that words do not say another verdict than that of which a claim counts the cases."""
    side, _, verdict = claim.what.partition(" ")
    if verdict in VERDICTS.get(side, ()):
        assert bool(_NEGATION.search(claim.words)) == ("not" in verdict.split())
        named = {each for each in VERDICTS["ours"] if each in claim.words}
        assert named <= {verdict}


def _labels(words: str, labels: Mapping[str, str]) -> list[str]:
    known = sorted(map(re.escape, labels), key=len, reverse=True)
    return re.findall(rf"(?<![\w-])(?:{'|'.join(known)})(?![\w-])", words)


def _check_systems(claim: Claim, grid: Grid, labels: Mapping[str, str]) -> None:
    """Check that words name the best, ours by model, optimizer and epoch, and no other."""
    parts = re.split(r",? and |, ", claim.words)
    ours = {training.name for training in grid.trainings()}
    if not ours & {_training(system) for system in claim.systems}:
        others = {other.name: escape(other.label) for other in grid.systems}
        named = [*claim.systems, *(claim.on or [])]
        assert all(others.get(name, name) in claim.words for name in named)
        return
    for words, system in zip(parts, claim.systems, strict=True):
        training = grid.training(_training(system))
        _, _, epoch = system.partition("_e")
        assert _labels(words, labels) == [training.model.label]
        assert training.treatment.label in words
        assert ([epoch] if epoch else []) == re.findall(r"\b\d+\b", words)
        assert ("chosen epochs" in words) == system.endswith(f"_{BEST}")


def _training(system: str) -> str:
    """Return the training that a checkpoint is of, and any other name as it is."""
    return re.sub(rf"_(?:e\d+|{BEST})$", "", system)
