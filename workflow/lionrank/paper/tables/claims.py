"""The table of the published paper's claims: what holds there, and what our results say."""

from collections.abc import Mapping
from typing import Any

from lionrank.paper.latex import escape

ORIGIN = "% template: workflow/lionrank/paper/tables/claims.py"
# Shares of the page that claim, published table, verdict and evidence take.
_WIDTHS = (0.27, 0.23, 0.11, 0.25)


def claims_table(decided: Mapping[str, Any]) -> str:
    """Return what `lionrank.claims.decide` found as a tabular of the width of a page.

    Its columns: id, claim with the text that makes it (P, T or A), whether it holds in the
    published tables or else the first cells that show that it does not, our verdict, and the
    comparison that this rests on with its interval and p after Holm's correction, or what is
    lacking. Behind the verdict on several parts stands how many of them have it.
    """
    columns = "".join(
        rf">{{\raggedright\arraybackslash}}p{{{width}\textwidth}}" for width in _WIDTHS
    )
    rows = [_row(claim) for claim in decided["claims"]]
    lines = [
        ORIGIN,
        rf"\begin{{tabular}}{{@{{}}l{columns}@{{}}}}",
        r"\toprule",
        r" & Claim & Published table & Here & Decided by \\",
        r"\midrule",
        "\n\\addlinespace\n".join(rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def claims_rows(decided: Mapping[str, Any]) -> list[dict[str, object]]:
    """Return a row of plain values a claim; `parts` are how many have the verdict, of how many."""
    return [
        {
            "id": claim["id"],
            "claim": claim["text"],
            "where": claim["where"],
            "published": claim["published"]["verdict"],
            "published_parts": "/".join(map(str, _parts(claim["published"]))),
            "counterexamples": claim["published"]["counterexamples"],
            "ours": claim["ours"]["verdict"],
            "ours_parts": "/".join(map(str, _parts(claim["ours"]))),
            "decided_by": claim["ours"]["reason"],
            **{key: claim["ours"][key] for key in ("difference", "low", "high", "p")},
        }
        for claim in decided["claims"]
    ]


def _parts(side: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many parts of a claim have its verdict, and how many there are."""
    return side["parts"].get(side["verdict"], 0), sum(side["parts"].values())


def _row(claim: Mapping[str, Any]) -> str:
    published, ours = claim["published"], claim["ours"]
    shown = "".join(f": {cell}" for cell in published["counterexamples"][:1])
    cells = [
        escape(claim["id"]),
        escape(f"{claim['text']} ({', '.join(claim['where'])})"),
        escape(f"{_verdict(published)}{shown}"),
        escape(_verdict(ours)),
        _evidence(ours),
    ]
    return " & ".join(cells) + r" \\"


def _verdict(side: Mapping[str, Any]) -> str:
    """Return a verdict, with the share of the parts that have it where there are several."""
    same, total = _parts(side)
    return f"{side['verdict']} ({same}/{total})" if total > 1 else side["verdict"]


def _evidence(ours: Mapping[str, Any]) -> str:
    """Return what decided our verdict; a difference with its interval and p."""
    reason = str(escape(ours["reason"]))
    if ours["p"] is None:
        return reason
    difference, low, high = (rf"\num{{{ours[key]:.4f}}}" for key in ("difference", "low", "high"))
    p = r"$p < {}$\num{0.001}" if ours["p"] < 0.001 else rf"$p = {{}}$\num{{{ours['p']:.3f}}}"
    return rf"{reason}: {difference} [{low}, {high}], {p}"
