"""How values and hints are worded, wherever they are printed: tables, pages, prose and messages."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

DIGITS = 4
"""Decimals of scores, of their differences and of p-values, in tables and in prose."""
_ABSENT = "absent"
_BYTES = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0))
_TIMES = (("days", 86_400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return "did you mean 'x'?" for the known name that is most like `name`, or ""."""
    near = get_close_matches(str(name), list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def shortened(value: object, characters: int = 60) -> str:
    """Return a value as Python writes it, or the beginning of that."""
    text = repr(value)
    return text if len(text) <= characters else f"{text[:characters]} …"


def differences(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """Yield where two JSON values differ, as "key.of.a.key: 1, now 2"."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in sorted(before.keys() | now.keys()):
            inner = f"{place}.{key}" if place else key
            yield from differences(before.get(key, _ABSENT), now.get(key, _ABSENT), inner)
    elif before != now:
        yield f"{place}: {before}, now {now}"


def listed(items: Iterable[object]) -> str:
    """Return one or more items as an English list, "A, B and C"."""
    *first, last = map(str, items)
    return f"{', '.join(first)} and {last}" if first else last


def markdown(text: str) -> str:
    """Return a text as Markdown that shows it, in one line; what is no markup stays as it is."""
    escaped = re.sub(r"[\\`*_<>|~$&\[\]]|^[#+=-]", r"\\\g<0>", " ".join(text.split()))
    # Else a number at the beginning would be that of a list.
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", escaped)


def score(value: float) -> str:
    """Return a score or a difference of scores; no 0 has a sign."""
    return f"{round(value, DIGITS) + 0.0:.{DIGITS}f}"


def largest_unit(value: float, units: Sequence[tuple[str, float]]) -> tuple[str, float]:
    """Return the first of `units` (name, size), largest first, that `value` fills, or the last."""
    return next((unit for unit in units if value >= unit[1]), units[-1])


def size(count: float, digits: int = 3) -> str:
    """Return a number of bytes in decimal units, "2.17 GB"."""
    # What would round to 1000 of a unit is 1 of the next.
    name, unit = largest_unit(count / 0.9995, _BYTES)
    value = count / unit
    return f"{value:.{digits}g} {name}" if value < 10**digits - 0.5 else f"{value:.0f} {name}"


def gib(count: float) -> str:
    """Return a number of bytes in GiB, with a decimal below ten."""
    value = count / 2**30
    return f"{value:.{0 if value >= 9.95 else 1}f} GiB"


def duration(seconds: float) -> str:
    """Return a time in its two largest units, "1 h 5 min", "3 min 20 s" or "12 s"."""
    total = round(seconds)
    hours, minutes, rest = total // 3600, total % 3600 // 60, total % 60
    parts = [(hours, "h"), (minutes, "min")] if hours else [(minutes, "min"), (rest, "s")]
    return " ".join(f"{value} {unit}" for value, unit in parts if value) or "0 s"


def rough_duration(seconds: float) -> str:
    """Return a time in the largest unit of which it has two or more, "3 h"."""
    name, unit = largest_unit(seconds / 2, _TIMES)
    return f"{seconds / unit:.0f} {name}"


def hours(number: float) -> str:
    """Return hours with two decimals, "0.21"."""
    return "under 0.01" if 0 < number < 0.005 else f"{number:,.2f}"
