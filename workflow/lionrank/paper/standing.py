"""Where systems stand among those that a study compares its own with, for the prose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lionrank.paper.findings import Findings
from lionrank.paper.tables.systems import measure
from lionrank.published.scores import PublishedScores, training_of
from lionrank.published.study import Study
from lionrank.published.systems import PublishedSystem


@dataclass(frozen=True)
class Standing:
    """nDCG@10 on the test set of these systems, as it is printed.

    Attributes:
        systems: the published systems that the study compares with.
        published: the study.
        study: its own trainings, each at its best epoch on the test topics, as it reports them.
        ours: our checkpoints of the epochs that development data chose; none where that is not
            among our test sets.
        others: the systems of others that were evaluated there, by their labels.
    """

    systems: Sequence[PublishedSystem]
    published: Study
    study: Mapping[str, float]
    ours: Mapping[str, float]
    others: Mapping[str, float]

    @property
    def leaders(self) -> list[PublishedSystem]:
        """The published systems that share the highest value."""
        return [each for each in self.systems if float(each.score) == self._highest]

    @property
    def _highest(self) -> float:
        return max(float(each.score) for each in self.systems)

    @property
    def study_above(self) -> int:
        """How many of the study's trainings are above all published systems."""
        return sum(value > self._highest for value in self.study.values())

    @property
    def study_leads(self) -> dict[str, list[str]]:
        """The models on which each of the study's optimizers is ahead of the others, as printed."""
        leads: dict[str, list[str]] = {}
        for model in dict.fromkeys(name.split("_")[0] for name in self.study):
            ranked = sorted(
                (
                    (value, name)
                    for name, value in self.study.items()
                    if name.startswith(f"{model}_")
                ),
                reverse=True,
            )
            if len(ranked) > 1 and ranked[0][0] > ranked[1][0]:
                optimizer = ranked[0][1].removeprefix(f"{model}_")
                label = self.published.label_of
                leads.setdefault(label(optimizer), []).append(label(model))
        return leads

    @property
    def ours_above(self) -> int:
        """How many of our trainings are above all published systems."""
        return sum(value > self._highest for value in self.ours.values())

    @property
    def others_above(self) -> int:
        """How many of the systems of others are above all published systems."""
        return sum(value > self._highest for value in self.others.values())

    @property
    def top(self) -> float:
        """The highest value of our trainings."""
        return max(self.ours.values())

    @property
    def top_checkpoints(self) -> list[str]:
        return [name for name, value in self.ours.items() if value == self.top]

    @property
    def above(self) -> int:
        """How many published systems our best training is above."""
        return sum(self.top > float(each.score) for each in self.systems)

    @property
    def level(self) -> int:
        return sum(self.top == float(each.score) for each in self.systems)


def stand(
    scores: PublishedScores, systems: Sequence[PublishedSystem], study: Study, findings: Findings
) -> Standing:
    """Put our trainings among the systems of a study's systems.csv.

    Args:
        scores: the values of its own, by its primary account.
        systems: what is in the file.
        study: the study.
        findings: ours.
    """
    by = measure(study)
    own: dict[str, float] = {}
    for checkpoint, value in scores[by].items():
        name = training_of(checkpoint)
        own[name] = max(value, own.get(name, value))
    found = findings.results.scores.get(by, {})
    ours = {}
    for training in findings.trainings:
        if (name := training.chosen_checkpoint) in found:
            ours[name] = found[name].mean
    others = {e.label: found[e.name].mean for e in findings.grid.systems if e.name in found}
    return Standing(systems, study, own, ours, others)
