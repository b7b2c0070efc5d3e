"""The table of the claims of a study: what holds by its values, and what our results say."""

from collections.abc import Mapping
from typing import Any

from lionrank.paper.tables.tabular import Table
from lionrank.published.study import Study


def table(decided: Mapping[str, Any], study: Study) -> Table:
    """Return what `lionrank.claims.decide` found, a claim a row.

    `ours` is its verdict on our results, and by the name of each account of what was published
    there is one on that. `{account}_parts` and the like say how many parts of it have the verdict,
    of how many, and `{account}_counterexamples` by which values it does not hold.
    """
    facts = {"accounts": list(study.accounts)}
    return Table([_row(claim) for claim in decided["claims"]], facts=facts)


def _row(claim: Mapping[str, Any]) -> dict[str, Any]:
    row = {"id": claim["id"], "claim": claim["text"], "where": claim["where"]}
    for account, there in claim["published"].items():
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
