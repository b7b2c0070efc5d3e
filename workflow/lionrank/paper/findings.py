"""What the results say: everything that the prose of the paper may claim, computed from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lionrank.errors import UserError
from lionrank.evaluation.comparisons import alpha, of_grid, on_primary
from lionrank.grid import BEST, FirstStage, Grid, Model, OtherSystem
from lionrank.measures import Measure
from lionrank.paper.across import ByAverage, find_across
from lionrank.paper.contrasts import Comparison, Tested
from lionrank.paper.duels import Contest, find_contests
from lionrank.paper.lessons import BOTH, LESSONS, Lesson, Share, find_shares
from lionrank.paper.pairs import TrainedPair
from lionrank.paper.results import Chosen, Results, Score
from lionrank.paper.trained import Trained, find_trained
from lionrank.training.log import Logged

FAMILIES = (
    *("optimizers", "optimizers_by_epoch", "tuning", *LESSONS),
    *("models", "first_stage", "systems"),
)
"""Of comparisons.py."""


@dataclass(frozen=True)
class Findings:
    """Everything that the prose may say about the results.

    `contests` are of Lion with AdamW, by settings that were given and by settings that a search
    chose, and `tunings` those of the latter beside the former.
    `tested` has the contrasts of each of FAMILIES on the primary measure, left minus right; none
    of a family that the config does not name. Those of systems of others with the first stage are
    apart from those of the trainings, in `others_tested`. `lessons` are those of LESSONS, with
    their trainings, and `across` what was compared by averages over test sets.
    """

    results: Results
    grid: Grid
    trainings: tuple[Trained, ...]
    contests: tuple[Contest, ...]
    tested: Mapping[str, Sequence[Tested]]
    others_tested: Sequence[Tested]
    tunings: Sequence[TrainedPair] = ()
    lessons: Sequence[Lesson] = ()
    across: Sequence[ByAverage] = ()

    def lessons_in(self, differs: str) -> list[Lesson]:
        """Return the lessons whose trainings differ in this: OBJECTIVE, DATA or BOTH."""
        return [each for each in self.lessons if each.differs == differs]

    @property
    def shares(self) -> list[Share]:
        """The differences in objective and data for which the grid has a control."""
        return list(find_shares(self.lessons, self.trainings))

    @property
    def undivided(self) -> list[Lesson]:
        """The differences in objective and data for which the grid has no control."""
        divided = [share.both for share in self.shares]
        return [each for each in self.lessons_in(BOTH) if each not in divided]

    @property
    def reordered(self) -> dict[Model, bool]:
        """Whether Lion stands to AdamW otherwise by searched settings than by given ones.

        By model, where they were compared by both.
        """
        if len(self.contests) < 2:
            return {}
        given, searched = self.contests
        pairs = ((each, searched.on(each.model)) for each in given.duels)
        return {
            one.model: one.chosen.relation != other.chosen.relation for one, other in pairs if other
        }

    @property
    def primary(self) -> Measure:
        return self.results.layout.primary

    @property
    def first_stage(self) -> FirstStage:
        """What ranked the candidates of the first test set."""
        return self.grid.first_stages[self.primary.test_set]

    @property
    def first_stage_of_columns(self) -> FirstStage:
        """What ranked the candidates of all columns, or stands for several."""
        columns = [self.primary, *self.other_columns]
        return self.grid.first_stage_of(column.test_set for column in columns)

    @property
    def _of_first_stage(self) -> float:
        return self._score(self.first_stage.name)

    @property
    def checkpoints(self) -> list[str]:
        """All of them; with several seeds, each training at the epochs that these chose."""
        if self.grid.is_replicated:
            return [training.chosen_checkpoint for training in self.trainings]
        return self.grid.checkpoints()

    @property
    def others(self) -> list[OtherSystem]:
        """The systems that were not trained here, as far as they have a primary score."""
        return [each for each in self.grid.systems if each.name in self._scored]

    @property
    def subjects(self) -> list[str]:
        """What is compared: the checkpoints or, where nothing was trained, systems of others."""
        return self.checkpoints or [each.name for each in self.others]

    @property
    def best(self) -> list[str]:
        """The subjects that share the highest primary score."""
        return self.results.best(self.primary, self.subjects)

    def best_in(self, measure: Measure) -> list[str]:
        """Return the subjects that share the highest score of a measure."""
        scores = self.results.scores[measure]
        return self.results.best(measure, [each for each in self.subjects if each in scores])

    @property
    def best_others(self) -> list[str]:
        """The systems of others that share the highest primary score among them."""
        return self.results.best(self.primary, [each.name for each in self.others])

    @property
    def others_against_best(self) -> Comparison:
        """The best of the systems of others and the best checkpoint."""
        return Comparison(self._score(self.best_others[0]), self._score(self.best[0]))

    @property
    def against_first_stage(self) -> Comparison:
        return Comparison(self._score(self.best[0]), self._of_first_stage)

    @property
    def above_first_stage(self) -> list[str]:
        return [name for name in self.subjects if self._score(name) > self._of_first_stage]

    @property
    def level_with_first_stage(self) -> list[str]:
        return [name for name in self.subjects if self._score(name) == self._of_first_stage]

    @property
    def others_above_first_stage(self) -> list[str]:
        return [each.name for each in self.others if self._score(each.name) > self._of_first_stage]

    @property
    def _scored(self) -> Mapping[str, Score]:
        return self.results.scores[self.primary]

    def _score(self, system: str) -> float:
        return self.results.mean(self.primary, system)

    @property
    def other_columns(self) -> list[Measure]:
        return [c for c in self.results.layout.columns if c != self.primary]

    @property
    def columns_of_best(self) -> list[Measure]:
        """The other columns in which one of the best, which may be no chosen epoch, has a value."""
        return [c for c in self.other_columns if self.results.scores[c].keys() & {*self.best}]

    @property
    def columns_led(self) -> list[str]:
        """The other columns in which one of the best has the highest value of all systems."""
        led = [
            c for c in self.columns_of_best if {*self.results.best(c, self._in(c))} & {*self.best}
        ]
        return [self.results.layout.name(column) for column in led]

    def _in(self, measure: Measure) -> list[str]:
        """Return the systems that are compared in a measure, subjects and what was not trained."""
        compared = {*self.subjects, *self.grid.untrained}
        return [name for name in self.results.scores[measure] if name in compared]

    @property
    def first_stage_leads(self) -> bool:
        """Whether no subject reaches the first stage in any column that has one."""
        columns = [self.primary, *self.other_columns]
        first_stages = [self.grid.first_stage(column.test_set) for column in columns]
        return all(
            self.results.mean(column, name) < self.results.mean(column, first_stage.name)
            for column, first_stage in zip(columns, first_stages, strict=True)
            if first_stage is not None
            for name in self.subjects
            if name in self.results.scores[column]
        )

    def of_model(self, model: Model) -> list[str]:
        of_model = [each.training for each in self.trainings if each.training.model == model]
        own = {name for each in of_model for name in [*each.checkpoints(), each.checkpoint(BEST)]}
        return [name for name in self.checkpoints if name in own]

    def describe(self, name: str) -> str:
        """Return a system in words, a checkpoint as "MiniLM with Lion at epoch 2".

        A training as such has no epoch, and one with several seeds those that these chose.
        """
        words = {
            each.training.checkpoint(epoch): f"{each.described} at epoch {epoch}"
            for each in self.trainings
            for epoch in each.training.epochs
        }
        words |= {
            each.training.checkpoint(BEST): f"{each.described} at the chosen epochs"
            for each in self.trainings
        }
        words |= {each.name: each.described for each in self.trainings}
        return (words | {each.name: each.label for each in self.grid.systems})[name]

    def described(self, names: Iterable[str]) -> list[str]:
        return [self.describe(name) for name in names]


def find(
    results: Results,
    grid: Grid,
    chosen: Chosen,
    compared: Mapping[str, Any],
    logged: Mapping[str, Logged] | None = None,
) -> Findings:
    """Compute the findings.

    Args:
        results: the mean scores.
        grid: what was trained.
        chosen: the epoch that development data chose, by `{model}_{optimizer}`.
        compared: comparisons.json.
        logged: what the training logs say, by `{model}_{optimizer}`.

    Raises:
        UserError: nothing was trained, and no system of others has a primary score.
    """
    primary = results.layout.primary
    trainings = find_trained(results, grid, chosen, compared, logged or {})
    contrasts = of_grid(on_primary(compared["contrasts"], primary.test_set))
    others = {each.name for each in grid.systems}
    tested: dict[str, list[Tested]] = {family: [] for family in FAMILIES}
    of_others: list[Tested] = []
    for each in contrasts:
        is_of_others = each["family"] == "first_stage" and each["left"]["training"] in others
        among = of_others if is_of_others else tested[each["family"]]
        among.append(Tested.of(each, alpha(compared)))
    optimizers = TrainedPair.among(contrasts, ["optimizers"], trainings, alpha(compared))
    found = Findings(
        results,
        grid,
        tuple(trainings),
        contests=tuple(find_contests(optimizers, grid.treatments)),
        tested=tested,
        others_tested=of_others,
        tunings=tuple(TrainedPair.among(contrasts, ["tuning"], trainings, alpha(compared))),
        lessons=tuple(Lesson.among(contrasts, LESSONS, trainings, alpha(compared))),
        across=tuple(find_across(results.layout, compared, alpha(compared))),
    )
    if not found.subjects:
        raise UserError(
            f"grid.systems: nothing is trained, and none of {', '.join(sorted(others))} has a run "
            f"file on {primary.test_set}, the first test set, which the paper is mainly about: "
            "give one, or begin grid.test_sets with another."
        )
    return found
