"""The kinds of tests about what else than the treatment may make a difference.

On our results they are decided by records: those of the training data, the training logs, and
results/overlap.json.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lionrank.claims.evidence import Ours, Published, Untestable
from lionrank.claims.kind import Asked
from lionrank.claims.parts import Outcome, Part, Settled, Verdict, fact
from lionrank.grid import training_name
from lionrank.wording import listed

FACTS = {
    "examples": "training examples",
    "passages": "passages read in training",
    "passes": "passes over the training data",
}
"""What may be the same of two treatments, and what prose calls it."""


@dataclass(frozen=True)
class _Same:
    """That one of `FACTS` is the same of two treatments."""

    fact: str
    treatments: tuple[str, str]

    def published(self, published: Published) -> Outcome:
        said = [published.study.treatments[each].data for each in self.treatments]
        values = [each.get(self.fact) for each in said]
        if None in values:
            raise Untestable(f"the study does not give the {FACTS[self.fact]} of both")
        return self._compared(published, values)

    def part(self, ours: Ours, published: Published) -> Part:
        """Decide by every model that was trained here, and tell of the first that differs."""
        if not ours.grid.models:
            raise Untestable("nothing was trained here")
        outcomes = []
        for model in ours.grid.models:
            learnt = [ours.learnt(training_name(model.name, each)) for each in self.treatments]
            values = [getattr(each, self.fact) for each in learnt]
            outcomes.append(self._compared(published, values))
        differing = [each for each in outcomes if each.verdict is Verdict.CONTRADICTED]
        return Settled((differing or outcomes)[0])

    def _compared(self, published: Published, values: Sequence[Any]) -> Outcome:
        cells = "; ".join(
            f"{_written(value)} with {published.study.label_of(treatment)}"
            for value, treatment in zip(values, self.treatments, strict=True)
        )
        return fact(values[0] == values[1], f"{FACTS[self.fact]}: {cells}")


def _written(value: Any) -> str:
    return f"{value:,.1f}".removesuffix(".0") if isinstance(value, int | float) else str(value)


@dataclass(frozen=True, kw_only=True)
class SameData(Asked):
    """Each of `treatments` has the `facts` of the first, which are some of `FACTS`."""

    treatments: Sequence[str]
    facts: Sequence[str]

    def questions(self, published: Published) -> Iterator[_Same]:
        first, *others = self.treatments
        for each in self.facts:
            for other in others:
                yield _Same(each, (first, other))


@dataclass(frozen=True)
class _Apart:
    """That a test set has no query of what chose the checkpoints."""

    test_set: str

    def published(self, published: Published) -> Outcome:
        study = published.study
        label = study.test_sets[self.test_set].label
        known = {name: shares.get(self.test_set) for name, shares in study.dev_sets.items()}
        if sharing := [name for name, shares in known.items() if shares]:
            by = listed(sharing)
            return fact(False, f"{label} has queries that {by} chose the checkpoints by")
        if not known or None in known.values():
            raise Untestable(
                f"{label}: the study does not say if its queries chose the checkpoints"
            )
        return fact(True, f"{label} has no query of {listed(known)}")

    def part(self, ours: Ours, published: Published) -> Part:
        topics, shared = ours.overlap(self.test_set)
        label = published.study.test_sets[self.test_set].label
        reason = f"{label}: {shared:,} of {topics:,} topics are development queries"
        if shared and ours.are_left_out:
            reason += ", which are left out"
        return Settled(fact(not shared or ours.are_left_out, reason))


@dataclass(frozen=True, kw_only=True)
class Disjoint(Asked):
    """What chose the checkpoints shares no query with any of `test_sets`."""

    test_sets: Sequence[str]

    def questions(self, published: Published) -> Iterator[_Apart]:
        for each in self.test_sets:
            yield _Apart(each)
