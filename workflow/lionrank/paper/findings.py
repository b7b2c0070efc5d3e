"""What the results say: everything that the prose of the paper may claim, computed from them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from lionrank.errors import UserError
from lionrank.evaluation.comparisons import alpha, of_family, on_primary
from lionrank.grid import FIRST_STAGE, Grid, Model, OtherSystem, Training
from lionrank.measures import Measure
from lionrank.paper.results import Results, Score
from lionrank.training.log import Logged
from lionrank.wording import DIGITS

LOSS_DIGITS = 3
LESSONS = ("objectives", "data")
FAMILIES = (
    *("optimizers", "optimizers_by_epoch", *LESSONS),
    *("models", "first_stage", "systems"),
)
"""Of comparisons.py."""


@dataclass(frozen=True)
class Comparison:
    """Two printed values of one measure, and what may be said of them."""

    left: float
    right: float
    digits: int = DIGITS

    @property
    def relation(self) -> str:
        """Either "above", "below" or "level with", of left to right."""
        if self.left == self.right:
            return "level with"
        return "above" if self.left > self.right else "below"

    @property
    def margin(self) -> float:
        return round(abs(self.left - self.right), self.digits)


@dataclass(frozen=True)
class Trained:
    """What came of a training: its scores by epoch in the primary measure, and what it logged.

    `selection_bias` is how much the epoch that is best on the test topics is above the one that
    development data chose, averaged over the seeds; None where comparisons.json does not tell.
    `loss` and `grad_norm` are means over the last epoch, and `held_out` is the loss on held-out
    pairs by epoch, rounded as they are printed; None and empty where they are not known.
    """

    training: Training
    scores: Mapping[int, float]
    chosen: int
    selection_bias: float | None = None
    loss: float | None = None
    grad_norm: float | None = None
    held_out: Mapping[int, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.training.name

    @property
    def described(self) -> str:
        return " with ".join(self.training.labels)

    @property
    def reached(self) -> float:
        """The score at the chosen epoch."""
        return self.scores[self.chosen]

    @property
    def chosen_checkpoint(self) -> str:
        return self.training.checkpoint(self.chosen)

    @property
    def best(self) -> float:
        return max(self.scores.values())

    @property
    def best_epochs(self) -> list[int]:
        return [epoch for epoch, score in self.scores.items() if score == self.best]

    @property
    def rises(self) -> bool:
        """Whether there are several epochs, and every one is above the one before it."""
        scores = list(self.scores.values())
        return len(scores) > 1 and all(left < right for left, right in pairwise(scores))

    @property
    def last(self) -> float:
        """The score after the last epoch."""
        return self.scores[max(self.scores)]

    @property
    def ends_best(self) -> bool:
        """Whether the last epoch is above all others."""
        return self.best_epochs == [max(self.scores)]

    @property
    def held_out_ends_lowest(self) -> bool:
        """Whether the loss on held-out pairs is lower after the last epoch than after any other."""
        *before, last = self.held_out.values()
        return all(last < loss for loss in before)


@dataclass(frozen=True)
class Tested:
    """A tested contrast on the primary measure, in the digits that are printed.

    `left` and `right` are the means that were compared, and `low` and `high` bound the difference.
    """

    left: float
    right: float
    left_epochs: tuple[int, ...]
    right_epochs: tuple[int, ...]
    difference: float
    low: float
    high: float
    p: float
    significant: bool
    detectable: float
    wins: int
    ties: int
    losses: int
    spread: float | None

    @classmethod
    def of(cls, contrast: Mapping[str, Any], alpha: float) -> "Tested":
        """Take an entry of comparisons.json; `alpha` is what a corrected p-value must be below."""
        rounded = {
            # Adding 0.0 makes 0 of the negative 0 that a small difference is rounded to.
            name: round(contrast[key], DIGITS) + 0.0
            for name, key in {
                "left": "left_mean",
                "right": "right_mean",
                **{key: key for key in ("difference", "low", "high", "detectable")},
            }.items()
        }
        return cls(
            **rounded,
            left_epochs=tuple(contrast["left_epochs"]),
            right_epochs=tuple(contrast["right_epochs"]),
            p=contrast["p_holm"],
            significant=contrast["p_holm"] < alpha,
            spread=contrast["spread"],
            **{key: contrast[key] for key in ("wins", "ties", "losses")},
        )

    def turned(self) -> "Tested":
        """Return the contrast of right with left."""
        return replace(
            self,
            left=self.right,
            right=self.left,
            left_epochs=self.right_epochs,
            right_epochs=self.left_epochs,
            # Not -x: the negative of 0 would be printed with a sign.
            difference=0.0 - self.difference,
            low=0.0 - self.high,
            high=0.0 - self.low,
            wins=self.losses,
            losses=self.wins,
        )

    @property
    def relation(self) -> str:
        return Comparison(self.left, self.right).relation


@dataclass(frozen=True)
class Duel:
    """Lion against AdamW on one model; `chosen` tests them at the epochs chosen beforehand."""

    model: Model
    lion: Trained
    adamw: Trained
    chosen: Tested

    @property
    def best(self) -> Comparison:
        """At the epochs that are best on the test topics."""
        return Comparison(self.lion.best, self.adamw.best)

    @property
    def by_epoch(self) -> list[Comparison]:
        """At each epoch that both had."""
        lion, adamw = self.lion.scores, self.adamw.scores
        return [Comparison(lion[epoch], adamw[epoch]) for epoch in lion if epoch in adamw]

    @property
    def loss(self) -> Comparison | None:
        return _logged(self.lion.loss, self.adamw.loss)

    @property
    def grad_norm(self) -> Comparison | None:
        return _logged(self.lion.grad_norm, self.adamw.grad_norm)

    @property
    def held_out(self) -> Comparison | None:
        """The loss on held-out pairs after the last epoch of each."""
        lion, adamw = (
            [*each.held_out.values()][-1] if each.held_out else None
            for each in (self.lion, self.adamw)
        )
        return _logged(lion, adamw)

    @property
    def loss_agrees(self) -> bool:
        """Whether the optimizer with the lower loss has the higher score at the chosen epochs."""
        return self.loss is not None and {self.loss.relation, self.chosen.relation} == {
            "above",
            "below",
        }


OBJECTIVE, DATA, BOTH = "objective", "data", "both"


def difference(left: Training, right: Training) -> str:
    """Return in what two trainings differ that do not learn the same: OBJECTIVE, DATA or BOTH."""
    if left.treatment.data == right.treatment.data:
        return OBJECTIVE
    return DATA if left.treatment.objective == right.treatment.objective else BOTH


@dataclass(frozen=True)
class Lesson:
    """Two trainings of a model and an optimizer that differ in what is learnt, as tested.

    They are at the epochs that development data chose.
    """

    left: Trained
    right: Trained
    tested: Tested

    @property
    def model(self) -> Model:
        return self.left.training.model

    @property
    def names(self) -> list[str]:
        return [self.left.name, self.right.name]

    @property
    def differs(self) -> str:
        """In what: OBJECTIVE, DATA or BOTH."""
        return difference(self.left.training, self.right.training)


@dataclass(frozen=True)
class Share:
    """A difference in objective and data, divided by a control: a training with one of each side.

    `objective` is the part between trainings that differ in the objective alone, `data` that
    between those that differ in the data alone; before rounding, they add up to `both`.
    """

    both: Lesson
    control: Trained
    objective: Lesson
    data: Lesson

    @property
    def larger(self) -> str | None:
        """Which of the parts is larger, OBJECTIVE or DATA, None where they are level."""
        parts = abs(self.objective.tested.difference), abs(self.data.tested.difference)
        return None if parts[0] == parts[1] else OBJECTIVE if parts[0] > parts[1] else DATA


def _logged(lion: float | None, adamw: float | None) -> Comparison | None:
    return None if lion is None or adamw is None else Comparison(lion, adamw, LOSS_DIGITS)


@dataclass(frozen=True)
class Findings:
    """Everything that the prose may say about the results.

    `tested` has the contrasts of each of FAMILIES on the primary measure, left minus right; none
    of a family that the config does not name. Those of systems of others with the first stage are
    apart from those of the trainings, in `others_tested`. `lessons` are those of LESSONS, with
    their trainings.
    """

    results: Results
    grid: Grid
    trainings: tuple[Trained, ...]
    duels: tuple[Duel, ...]
    tested: Mapping[str, Sequence[Tested]]
    others_tested: Sequence[Tested]
    lessons: Sequence[Lesson] = ()

    def lessons_in(self, differs: str) -> list[Lesson]:
        """Return the lessons whose trainings differ in this: OBJECTIVE, DATA or BOTH."""
        return [each for each in self.lessons if each.differs == differs]

    @property
    def shares(self) -> list[Share]:
        """The differences in objective and data for which the grid has a control."""
        tested = {(each.left.name, each.right.name): each for each in self.lessons}
        found = []
        for both in self.lessons_in(BOTH):
            for control in self.trainings:
                parts = [
                    _either_way(tested, both.left.name, control.name),
                    _either_way(tested, control.name, both.right.name),
                ]
                by = {part.differs: part for part in parts if part}
                if by.keys() == {OBJECTIVE, DATA}:
                    found.append(Share(both, control, by[OBJECTIVE], by[DATA]))
        return found

    @property
    def undivided(self) -> list[Lesson]:
        """The differences in objective and data for which the grid has no control."""
        divided = [share.both for share in self.shares]
        return [each for each in self.lessons_in(BOTH) if each not in divided]

    @property
    def primary(self) -> Measure:
        return self.results.layout.primary

    @property
    def first_stage(self) -> float:
        return self.results.mean(self.primary, FIRST_STAGE)

    @property
    def checkpoints(self) -> list[str]:
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
        return Comparison(self.results.mean(self.primary, self.best[0]), self.first_stage)

    @property
    def above_first_stage(self) -> list[str]:
        return [name for name in self.subjects if self._score(name) > self.first_stage]

    @property
    def level_with_first_stage(self) -> list[str]:
        return [name for name in self.subjects if self._score(name) == self.first_stage]

    @property
    def others_above_first_stage(self) -> list[str]:
        return [each.name for each in self.others if self._score(each.name) > self.first_stage]

    @property
    def _scored(self) -> Mapping[str, Score]:
        return self.results.scores[self.primary]

    def _score(self, system: str) -> float:
        return self.results.mean(self.primary, system)

    @property
    def other_columns(self) -> list[Measure]:
        return [c for c in self.results.layout.columns if c != self.primary]

    @property
    def columns_led(self) -> list[str]:
        """The other columns in which one of the best has the highest value of all systems."""
        led = [c for c in self.other_columns if set(self.results.best(c)) & set(self.best)]
        return [self.results.layout.name(column) for column in led]

    @property
    def first_stage_leads(self) -> bool:
        """Whether no subject reaches the first stage in any column that has one."""
        columns = {self.primary: None} | dict.fromkeys(self.other_columns)
        found = [self.results.scores[column] for column in columns]
        return all(
            scores[name].mean < scores[FIRST_STAGE].mean
            for scores in found
            if FIRST_STAGE in scores
            for name in self.subjects
            if name in scores
        )

    def of_model(self, model: Model) -> list[str]:
        trainings = self.grid.of_model(model)
        return [name for each in trainings for name in each.checkpoints()]

    def describe(self, name: str) -> str:
        """Return a system in words, a checkpoint as "MiniLM with Lion at epoch 2"."""
        words = {
            each.training.checkpoint(epoch): f"{each.described} at epoch {epoch}"
            for each in self.trainings
            for epoch in each.training.epochs
        }
        return (words | {each.name: each.label for each in self.grid.systems})[name]

    def described(self, names: Iterable[str]) -> list[str]:
        return [self.describe(name) for name in names]


def find(
    results: Results,
    grid: Grid,
    chosen: Mapping[str, int],
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
    selection_bias = {
        each["training"]: round(each["selection_bias"], DIGITS)
        for each in on_primary(compared["selection"], primary.test_set)
    }
    trainings = []
    for training in grid.trainings():
        scores = {e: results.mean(primary, training.checkpoint(e)) for e in training.epochs}
        trainings.append(
            Trained(
                *(training, scores, chosen[training.name]),
                selection_bias=selection_bias.get(training.name),
                **_of_logs((logged or {}).get(training.name)),
            )
        )
    contrasts = on_primary(compared["contrasts"], primary.test_set)
    others = {each.name for each in grid.systems}
    tested: dict[str, list[Tested]] = {family: [] for family in FAMILIES}
    of_others: list[Tested] = []
    for each in contrasts:
        is_of_others = each["family"] == "first_stage" and each["left"]["training"] in others
        among = of_others if is_of_others else tested[each["family"]]
        among.append(Tested.of(each, alpha(compared)))
    duels = _duels(trainings, of_family({"contrasts": contrasts}, "optimizers"), alpha(compared))
    lessons = _lessons(trainings, contrasts, alpha(compared))
    found = Findings(
        *(results, grid, tuple(trainings), tuple(duels), tested, of_others, tuple(lessons))
    )
    if not found.subjects:
        raise UserError(
            f"grid.systems: nothing is trained, and none of {', '.join(sorted(others))} has a run "
            f"file on {primary.test_set}, the first test set, which the paper is mainly about: "
            "give one, or begin grid.test_sets with another."
        )
    return found


def _lessons(
    trainings: Iterable[Trained], contrasts: Iterable[Mapping[str, Any]], alpha: float
) -> Iterator[Lesson]:
    by_name = {training.name: training for training in trainings}
    for each in contrasts:
        if each["family"] in LESSONS:
            left, right = (by_name[each[side]["training"]] for side in ("left", "right"))
            yield Lesson(left, right, Tested.of(each, alpha))


def _either_way(tested: Mapping[tuple[str, str], Lesson], left: str, right: str) -> Lesson | None:
    """Return the lesson of two trainings as left minus right, whichever way it was tested."""
    if (left, right) in tested:
        return tested[left, right]
    turned = tested.get((right, left))
    return turned and Lesson(turned.right, turned.left, turned.tested.turned())


def _of_logs(logged: Logged | None) -> dict[str, Any]:
    """Return what a training logged in the digits that are printed."""
    if logged is None:
        return {}
    return {
        "loss": round(logged.loss, LOSS_DIGITS),
        "grad_norm": round(logged.grad_norm, LOSS_DIGITS),
        "held_out": {e: round(loss, LOSS_DIGITS) for e, loss in logged.held_out.items()},
    }


def _duels(
    trainings: Iterable[Trained], contrasts: Sequence[Mapping[str, Any]], alpha: float
) -> Iterable[Duel]:
    """Yield Lion against AdamW for each model on which the two were compared."""
    by_name = {training.name: training for training in trainings}
    for contrast in contrasts:
        sides = [by_name[contrast[side]["training"]] for side in ("left", "right")]
        tested = Tested.of(contrast, alpha)
        match [side.training.treatment.name for side in sides]:
            case ["lion", "adamw"]:
                yield Duel(sides[0].training.model, sides[0], sides[1], tested)
            case ["adamw", "lion"]:
                yield Duel(sides[0].training.model, sides[1], sides[0], tested.turned())
