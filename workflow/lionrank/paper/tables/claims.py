"""The table of the published paper's claims: what holds there, and what our results say."""

from collections.abc import Mapping
from typing import Any

from lionrank.paper.tables.tabular import Table
from lionrank.published.scores import AS_PRINTED, BY_FILES


def table(decided: Mapping[str, Any]) -> Table:
    """Return what `lionrank.claims.decide` found, a claim a row.

    `printed`, `files` and `ours` are its verdicts on the printed values, on those of the authors'
    trec_eval files and on our results. `printed_parts` and the like say how many parts of it have
    the verdict, of how many, and `printed_counterexamples` by which values it does not hold.
    """
    return Table([_row(claim) for claim in decided["claims"]])


def _row(claim: Mapping[str, Any]) -> dict[str, Any]:
    row = {"id": claim["id"], "claim": claim["text"], "where": claim["where"]}
    for account in (AS_PRINTED, BY_FILES):
        there = claim[account]
        row |= {
            account: there["verdict"],
            f"{account}_parts": _parts(there),
            f"{account}_counterexamples": there["counterexamples"],
        }
    ours = claim["ours"]
    return row | {
        "ours": ours["verdict"],
        "ours_parts": _parts(ours),
        "decided_by": ours["reason"],
        **{key: ours[key] for key in ("difference", "low", "high", "p")},
    }


def _parts(side: Mapping[str, Any]) -> str:
    return f"{side['parts'].get(side['verdict'], 0)}/{sum(side['parts'].values())}"
