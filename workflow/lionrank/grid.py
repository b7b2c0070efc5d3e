"""What was trained: models, optimizers and epochs, in the order in which they are printed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FIRST_STAGE = "bm25"
FIRST_STAGE_LABEL = "BM25"
PRETRAINED = "pretrained"


@dataclass(frozen=True)
class Model:
    """A backbone: its key in the config, its printed label and how its weights start."""

    name: str
    label: str
    start: str = PRETRAINED

    @property
    def is_pretrained(self) -> bool:
        return self.start == PRETRAINED


@dataclass(frozen=True)
class Grid:
    """What was trained, in the order in which it is printed."""

    models: tuple[Model, ...]
    optimizers: Mapping[str, str]
    epochs: tuple[int, ...]

    @classmethod
    def build(
        cls,
        models: Mapping[str, Mapping[str, str]],
        optimizers: Mapping[str, str],
        epochs: Iterable[int],
    ) -> "Grid":
        """Make a grid from plain dictionaries: `{name: {label, start}}` and `{name: label}`."""
        return cls(
            tuple(Model(name, facts["label"], facts["start"]) for name, facts in models.items()),
            dict(optimizers),
            tuple(epochs),
        )

    def trainings(self) -> list[tuple[Model, str]]:
        return [(model, optimizer) for model in self.models for optimizer in self.optimizers]

    def labels(self, training: str) -> tuple[str, str]:
        """Return the labels of the model and the optimizer of `{model}_{optimizer}`."""
        names = {f"{m.name}_{o}": (m.label, self.optimizers[o]) for m, o in self.trainings()}
        return names[training]

    def checkpoints(self) -> list[str]:
        return [
            checkpoint(model.name, optimizer, epoch)
            for model, optimizer in self.trainings()
            for epoch in self.epochs
        ]


def checkpoint(model: str, optimizer: str, epoch: int) -> str:
    """Return the name of a checkpoint, which is also its system name in the results."""
    return f"{model}_{optimizer}_e{epoch}"
