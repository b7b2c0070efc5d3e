"""The claims of a published study, decided on what it published and on our results.

On what was published a test holds or does not by the order of the values, by each account of them;
nothing is known there of their uncertainty.

On our results every comparison of two systems is the paired randomization test over queries, of
means over seeds where there are several. Holm's correction is over all pairs of a claim, whose
tests stand or fall together (Holm 1979, A simple sequentially rejective multiple test procedure).
At the level alpha, which is 1 minus the confidence of the intervals:

- "A is above B" is replicated if A is significantly above B, contradicted if it is significantly
  below, and else inconclusive.
- "The best of some is above all of others" is replicated if one of them is significantly above each
  of the others, contradicted if one of the others is significantly above each of them, and else
  inconclusive. All pairs are in the correction, so that the best need not be known beforehand.
- "A and B are level" is replicated if the interval of their difference lies within the margin that
  the claims file gives, contradicted if it lies outside, and else inconclusive. An interval of 95%
  makes this two one-sided tests at 2.5% (Schuirmann 1987, A comparison of the two one-sided tests
  procedure and the power approach for assessing the equivalence of average bioavailability). That
  a difference is not significant is no evidence that there is none.
- "A is not below B" by more than a margin is replicated if this is shown (non-inferiority, a
  one-sided test), contradicted if it is shown that A is below B by more, and else inconclusive.
- "The gap between A and B changes with the size of the model" is about its slope over the binary
  logarithm of the encoders' parameters, a weighted sum of the systems, topic by topic. It is
  replicated if the slope is significantly not 0, and contradicted if it is within the margin, by
  two one-sided tests. "It does not change" is replicated if the slope is within the margin, and
  contradicted if it is shown to be beyond it. What would refute a claim is corrected apart from
  what would bear it out: at most the proportion alpha of true claims is contradicted by chance, and
  of false ones replicated.
- "The gap has the same sign on several models" is replicated if it is significant on each and of
  one sign, contradicted if two of them are significant and of opposite signs, and else
  inconclusive.
- What is not drawn at random, a setting, what is learned from or the bytes of an optimizer's state,
  is as claimed or not.
- Lines of training logs are compared like queries. They tell of these trainings, not of others with
  other seeds.

A claim that names an epoch is about that epoch; every other is about the epoch that development
data chose, never about the best on the test set. Where a training is not ours but a system of
others was trained so, it is about that one. Where one of ours has settings that were given, and
another ones that were searched for, it is about the former. Parts make a test, and tests a claim:
contradicted if any is, replicated if all are, not testable if none is, and else inconclusive.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from lionrank.claims.evidence import Ours, Published, Untestable
from lionrank.claims.file import Claim
from lionrank.claims.pairs import Difference, compare_pairs, corrected
from lionrank.claims.parts import Outcome, Part, Verdict, conclude
from lionrank.evaluation import significance

# On paper nothing is uncertain: what is not decided there could not be tested.
ON_PAPER = {
    Verdict.REPLICATED: "holds",
    Verdict.CONTRADICTED: "does not hold",
    Verdict.INCONCLUSIVE: "not testable",
    Verdict.NOT_TESTABLE: "not testable",
}

# A test on one side: the outcomes of its parts, and whether most of them are enough.
_Decided = tuple[Sequence[Outcome], bool]


def decide(
    claims: Sequence[Claim],
    published: Mapping[str, Published],
    ours: Ours,
    settings: significance.Draws,
) -> dict[str, Any]:
    """Return the verdicts on all claims as a JSON object.

    It has `settings`; the number of `seeds`; `stand_ins`, by published test set; `scorings`, how
    the documents of test sets are scored that the study's are here, of those that have a scoring;
    `not_trained_here`, systems of others by the published ones that they stand for; `searched`, our
    treatments by the published ones that they stand for with settings of a search; and `claims`,
    each with id, text, where, `published`, `ours` and `tests`. `published` has by account a verdict
    (holds, does not hold, not testable), the values that decided it as `reason`, all that it fails
    by as `counterexamples`, and how many parts have which verdict. `ours` has a verdict
    (replicated, contradicted, inconclusive, not testable), the same counts, what decided it as
    `reason` and, if that was a comparison, difference, low, high and p after Holm's correction,
    else null.

    Raises:
        UserError: results are absent or damaged.
    """
    primary = next(iter(published.values()))
    parts = [[test.parts(ours, primary) for test in claim.tests] for claim in claims]
    everything = [pair for of_claim in parts for pair in _pairs(of_claim)]
    contrasts = compare_pairs(everything, ours, settings)
    decided = []
    for claim, of_claim in zip(claims, parts, strict=True):
        tested = corrected(_pairs(of_claim), contrasts)
        here = [
            [part.decide(tested, 1 - settings.confidence) for part in test] for test in of_claim
        ]
        decided.append(_record(claim, published, here))
    return {
        "settings": asdict(settings),
        "seeds": ours.per_query.seeds,
        "stand_ins": {
            for_: name
            for for_, name in ours.stand_ins.items()
            if for_ != name and for_ in primary.study.test_sets
        },
        "scorings": {
            name: ours.scorings[name]
            for name in (ours.stand_ins.get(each, each) for each in primary.study.test_sets)
            if name in ours.scorings
        },
        "not_trained_here": _of_others(everything, ours, primary),
        "searched": _searched(ours, primary),
        "claims": decided,
    }


def _pairs(parts: Sequence[Sequence[Part]]) -> list[Difference]:
    """Return the pairs of a claim, each once."""
    return list(dict.fromkeys(pair for test in parts for part in test for pair in part.pairs))


def _of_others(pairs: Sequence[Difference], ours: Ours, published: Published) -> dict[str, str]:
    """Return the systems of others that were tested, by the published ones that they stand for."""
    found = {side: ours.system(side) for pair in pairs for side in pair.systems}
    others = {each.name for each in ours.grid.systems}
    return {
        published.label(side): own.training for side, own in found.items() if own.training in others
    }


def _searched(ours: Ours, published: Published) -> dict[str, str]:
    """Return our treatments with searched settings, by the published ones that they stand for."""
    searched = {each.name for each in ours.grid.treatments if each.searched}
    found = {}
    for name in published.study.treatments:
        # Which of several it is was not said: every claim about it has that as its reason.
        with suppress(Untestable):
            if (own := ours.treatment(name)) in searched:
                found[published.study.label_of(name)] = own
    return found


def _record(
    claim: Claim, published: Mapping[str, Published], here: Sequence[Sequence[Outcome]]
) -> dict[str, Any]:
    most = [test.most for test in claim.tests]
    there = {
        account: [(test.published(values), test.most) for test in claim.tests]
        for account, values in published.items()
    }
    measured = list(zip(here, most, strict=True))
    return {
        "id": claim.id,
        "text": claim.text,
        "where": list(claim.where),
        "published": {account: _on_paper(tests) for account, tests in there.items()},
        "ours": _on_ours(measured),
        "tests": [
            {
                **written,
                "published": {
                    account: _on_paper([tests[place]]) for account, tests in there.items()
                },
                "ours": _on_ours([measured[place]]),
            }
            for place, written in enumerate(claim.written)
        ],
    }


def _on_paper(tests: Sequence[_Decided]) -> dict[str, Any]:
    """Return what is said of a claim, or of one test, by what was published."""
    outcomes = [conclude(*test) for test in tests]
    outcome = conclude(outcomes)
    return {
        "verdict": ON_PAPER[outcome.verdict],
        "reason": outcome.reason,
        "counterexamples": [
            part.reason
            for (parts, _), test in zip(tests, outcomes, strict=True)
            for part in parts
            if test.verdict is part.verdict is Verdict.CONTRADICTED
        ],
        "parts": dict(Counter(ON_PAPER[part.verdict] for parts, _ in tests for part in parts)),
    }


def _on_ours(tests: Sequence[_Decided]) -> dict[str, Any]:
    """Return what is said of a claim, or of one test, by our results."""
    outcome = conclude([conclude(*test) for test in tests])
    numbers = asdict(outcome.tested) if outcome.tested else _NO_NUMBERS
    return {
        "verdict": str(outcome.verdict),
        "reason": outcome.reason,
        **numbers,
        "parts": dict(Counter(str(part.verdict) for parts, _ in tests for part in parts)),
    }


_NO_NUMBERS = dict.fromkeys(("difference", "low", "high", "p"))
