"""The table of the published paper's claims: what holds there, and what our results say."""

from collections.abc import Mapping
from typing import Any

from lionrank.paper.tables.tabular import Table


def table(decided: Mapping[str, Any]) -> Table:
    """Return what `lionrank.claims.decide` found, a claim a row.

    `published_parts` and `ours_parts` say how many parts of it have the verdict, of how many.
    """
    return Table([_row(claim) for claim in decided["claims"]])


def _row(claim: Mapping[str, Any]) -> dict[str, Any]:
    published, ours = claim["published"], claim["ours"]
    return {
        "id": claim["id"],
        "claim": claim["text"],
        "where": claim["where"],
        "published": published["verdict"],
        "published_parts": _parts(published),
        "counterexamples": published["counterexamples"],
        "ours": ours["verdict"],
        "ours_parts": _parts(ours),
        "decided_by": ours["reason"],
        **{key: ours[key] for key in ("difference", "low", "high", "p")},
    }


def _parts(side: Mapping[str, Any]) -> str:
    return f"{side['parts'].get(side['verdict'], 0)}/{sum(side['parts'].values())}"
