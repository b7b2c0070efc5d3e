"""What the trainings cost beside what they reached, for the prose."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lionrank.grid import Model
from lionrank.paper.contrasts import Comparison
from lionrank.paper.duels import Contest, Duel
from lionrank.paper.findings import Findings
from lionrank.paper.measured import Measured, over_seeds
from lionrank.paper.tables.efficiency import columns
from lionrank.training.cost import spent

_SECONDS = 3600
"""Of an hour."""


@dataclass(frozen=True)
class DuelCost:
    """What Lion (left) and AdamW (right) cost on one model, as the table of efficiency prints it.

    `speed` counts examples by time, `memory` is the peak of the process or device, `state` the
    optimizer's, and `energy` is None where it was not measured for both. `state_percent` is Lion's
    optimizer state as a percentage of AdamW's.
    """

    model: Model
    speed: Comparison
    memory: Comparison
    state: Comparison
    energy: Comparison | None
    state_percent: int


@dataclass(frozen=True)
class ContestCost:
    """What the two treatments of a contest cost, on each model of it."""

    contest: Contest
    duels: tuple[DuelCost, ...]

    @property
    def state_percents(self) -> list[int]:
        """Lion's states as percentages of AdamW's, each once, in order."""
        return sorted({each.state_percent for each in self.duels})

    @property
    def with_energy(self) -> list[DuelCost]:
        return [duel for duel in self.duels if duel.energy is not None]


@dataclass(frozen=True)
class Jobs:
    """How many jobs the epochs took that were trained, and the steps that were made again.

    `seconds` is what these had taken when they were lost.
    """

    epochs: int
    jobs: int
    steps: int
    seconds: float

    @property
    def interrupted(self) -> int:
        """The jobs that were killed, stopped or failed before their epoch was complete."""
        return self.jobs - self.epochs


@dataclass(frozen=True)
class Costs:
    """What the trainings cost.

    `front` has the checkpoints, cheapest first, that no other one of `checkpoints` equals or
    surpasses in the primary measure at the same or a lower cost without being level in both; a
    checkpoint's cost is the device hours of its training up to its epoch. `device_seconds` are
    those of each training. With several seeds all are means over them, but `jobs`, which are those
    of all.
    """

    contests: tuple[ContestCost, ...]
    front: tuple[str, ...]
    checkpoints: int
    devices: tuple[str, ...]
    jobs: Jobs
    device_seconds: Mapping[str, float]

    @property
    def have_energy(self) -> bool:
        """Whether the energy of both treatments of a contest was measured."""
        return any(each.with_energy for each in self.contests)


def costs(findings: Findings, trainings: Mapping[str, Measured]) -> Costs:
    """Compute the costs; `trainings` are those of efficiency.json (`lionrank.training.cost`)."""
    of_seeds = [trainings[name] for each in findings.grid.trainings() for name in each.names]
    means = over_seeds(trainings, findings.grid)
    points = _points(findings, means)
    return Costs(
        contests=tuple(
            ContestCost(each, tuple(_duel_cost(duel, means) for duel in each.duels))
            for each in findings.contests
        ),
        front=tuple(_front(points)),
        checkpoints=len(points),
        devices=tuple(dict.fromkeys(each["device"] for each in of_seeds)),
        jobs=_jobs(of_seeds),
        device_seconds={name: _SECONDS * each["device_hours"] for name, each in means.items()},
    )


def _jobs(trainings: Sequence[Measured]) -> Jobs:
    epochs = [epoch for each in trainings for epoch in each["by_epoch"] if epoch["jobs"]]
    return Jobs(
        epochs=len(epochs),
        jobs=sum(epoch["jobs"] for epoch in epochs),
        steps=sum(epoch["repeated_steps"] for epoch in epochs),
        seconds=sum(epoch["repeated_seconds"] for epoch in epochs),
    )


def _duel_cost(duel: Duel, trainings: Mapping[str, Measured]) -> DuelCost:
    lion, adamw = (side.name for side in (duel.lion, duel.adamw))
    cells = {column.key: column.cells for column in columns(trainings)}

    def compared(key: str) -> Comparison:
        return Comparison(float(cells[key][lion]), float(cells[key][adamw]))

    energies = [trainings[name]["energy_joules"] for name in (lion, adamw)]
    states = [trainings[name]["optimizer_state_bytes"] for name in (lion, adamw)]
    return DuelCost(
        model=duel.model,
        speed=compared("examples_per_second"),
        memory=compared("peak_memory_bytes"),
        state=compared("optimizer_state_bytes"),
        energy=None if None in energies else compared("energy_joules"),
        state_percent=round(100 * states[0] / states[1]),
    )


def _points(
    findings: Findings, trainings: Mapping[str, Measured]
) -> list[tuple[float, float, str]]:
    """Return (device hours up to it, primary score, name) of each checkpoint."""
    points = []
    for trained in findings.trainings:
        so_far = spent(trainings[trained.name], "device_hours")
        for epoch, score in trained.scores.items():
            points.append((so_far[epoch], score, trained.training.checkpoint(epoch)))
    return points


def _front(points: Sequence[tuple[float, float, str]]) -> Iterable[str]:
    """Return the names of the points that no other one dominates, cheapest first."""
    for cost, score, name in sorted(points):
        dominated = any(
            (other_cost, -other_score) != (cost, -score)
            and other_cost <= cost
            and other_score >= score
            for other_cost, other_score, _ in points
        )
        if not dominated:
            yield name
