"""Published claims whose verdict depends on the account of the published values, for the prose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lionrank.published.agreement import Agreements


@dataclass(frozen=True)
class Changed:
    """A claim with one verdict by the primary account, and another one by the second.

    Attributes:
        printed: the verdict by the primary account.
        second: that by the second one.
        values: the values by which it does not hold, in the first account in which it does not.
        by_difference: whether any value of the metrics that it is about differs in them; else
            it is by digits that were cut off.
    """

    id: str
    printed: str
    second: str
    values: str
    by_difference: bool


def changed(claims: Mapping[str, Any], agreements: Agreements) -> list[Changed]:
    """Return the claims of a study with two verdicts on what was published."""
    return list(_changed(claims, agreements))


def _changed(claims: Mapping[str, Any], agreements: Agreements) -> Iterator[Changed]:
    for claim in claims["claims"]:
        printed, second = claim["published"].values()
        if printed["verdict"] != second["verdict"]:
            metrics = [name for test in claim["tests"] for name in test.get("metrics", ())]
            yield Changed(
                claim["id"],
                printed["verdict"],
                second["verdict"],
                [*printed["counterexamples"], *second["counterexamples"]][0],
                agreements.differ_in(metrics),
            )
