"""What the paper says of first stages: which test sets have each, and which depth."""

from collections.abc import Iterable, Mapping
from typing import Any

Printed = Mapping[str, Any]
"""A dev set or test set with its first stage, of `lionrank.config.plan_of_first_stages`."""


def grouped(sets: Iterable[Printed], *keys: str) -> list[dict[str, Any]]:
    """Return what sets have of these keys, each once, with the labels of those: `test_sets`."""
    found: dict[tuple, list[str]] = {}
    for each in sets:
        found.setdefault(tuple(each[key] for key in keys), []).append(each["test_set"])
    return [
        {**dict(zip(keys, values, strict=True)), "test_sets": labels}
        for values, labels in found.items()
    ]
