"""What was trained: models, treatments and epochs, in the order in which they are printed."""

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
class Treatment:
    """How a backbone is trained: the key of its optimizer in the config, and its printed label."""

    name: str
    label: str


@dataclass(frozen=True)
class Training:
    """A backbone as one treatment trains it."""

    model: Model
    treatment: Treatment

    @property
    def name(self) -> str:
        return training_name(self.model.name, self.treatment.name)

    @property
    def labels(self) -> tuple[str, str]:
        """Those of the model and the treatment."""
        return self.model.label, self.treatment.label

    def checkpoint(self, epoch: int) -> str:
        """Return the name of a checkpoint, which is also its system name in the results."""
        return checkpoint_name(self.name, epoch)


@dataclass(frozen=True)
class Grid:
    """What was trained, in the order in which it is printed; `optimizers` are name -> label."""

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

    def of_model(self, model: Model) -> list[Training]:
        return [Training(model, Treatment(*each)) for each in self.optimizers.items()]

    def trainings(self) -> list[Training]:
        return [training for model in self.models for training in self.of_model(model)]

    def training(self, name: str) -> Training:
        """Return a training by its name, `{model}_{optimizer}`."""
        return {training.name: training for training in self.trainings()}[name]

    def checkpoints(self) -> list[str]:
        return [
            training.checkpoint(epoch) for training in self.trainings() for epoch in self.epochs
        ]


def training_name(model: str, treatment: str) -> str:
    return f"{model}_{treatment}"


def checkpoint_name(training: str, epoch: int) -> str:
    """Return the name of the checkpoint of a training, by its name, after an epoch."""
    return f"{training}_e{epoch}"
