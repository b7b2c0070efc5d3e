"""A published study: what it trained, and on what it published which values.

Each has a folder, paper/published/{study}/, with study.yaml (schemas/study.schema.yaml says what
its keys mean), the values in table.csv, the findings in claims.yaml and its section of the paper.
Imports nothing heavy: every parse of the workflow reads the studies of the config.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from lionrank import strict_yaml
from lionrank.measures import GRADED, Measure

FOLDER = "paper/published"
"""Where the folders of studies are, in the repository."""
STUDY, TABLE, CLAIMS = "study.yaml", "table.csv", "claims.yaml"
"""What each has."""
SETTINGS, SYSTEMS, PER_QUERY = "settings.csv", "systems.csv", "authors_per_query.csv"
"""What it may have: the settings of its trainings, other systems, and the values of each topic."""
REPLICATION = "replication.tex.j2"
"""What it has if the values of checkpoints of others are its own: the section on these."""
OPTIONAL = (SETTINGS, SYSTEMS, PER_QUERY, REPLICATION)


@dataclass(frozen=True)
class PublishedModel:
    """A backbone that was trained: how the study names it, and its repository on the hub.

    `parameters` is how many it has by the study, None where that is not known.
    """

    label: str
    backbone: str
    parameters: int | None = None


@dataclass(frozen=True)
class PublishedTreatment:
    """How backbones were trained: how the study names it, and the config's keys of its parts.

    `data` has what was learnt from: `examples` in words, and how many `passages` and `passes` over
    the data there were, None where that is not known.
    """

    label: str
    optimizer: str
    objective: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PublishedSet:
    """A test set, or an average over several, with what ranked its candidates.

    `first_stage` is bm25, a repository on the hub, or None where the collection brings candidates.
    `level` is the least relevant grade of binary measures.
    """

    label: str
    first_stage: str | None
    level: int | None
    metrics: Sequence[str]


@dataclass(frozen=True)
class Study:
    """A published study; `name` is that of its folder.

    Attributes:
        label: how prose names it.
        cite: its key in paper/refs.bib.
        where: the places in which it makes claims, by their signs.
        accounts: the accounts of its values, as prose names them, the primary one first.
        models: what was trained, by the keys of models in our config.
        treatments: how it was trained, by the keys of our treatments or optimizers.
        test_sets: where values were published, by the keys of our test sets and averages.
        sources: what tells of the settings of its trainings, by the columns of settings.csv, with
            where each is to be found; none where it has no such file.
        systems: the test set of systems.csv, None where it has none.
        per_query: the same of authors_per_query.csv.
        dev_sets: what its checkpoints were chosen on, with whether each shares queries with which
            of its test sets; what is not known is absent.
        has: the names of the files that it has of those that it may have.
    """

    name: str
    label: str
    cite: str
    where: Mapping[str, str]
    accounts: Mapping[str, str]
    models: Mapping[str, PublishedModel]
    treatments: Mapping[str, PublishedTreatment]
    test_sets: Mapping[str, PublishedSet]
    sources: Mapping[str, str] = field(default_factory=dict)
    systems: str | None = None
    per_query: str | None = None
    dev_sets: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    has: frozenset[str] = frozenset()

    @classmethod
    def read(cls, folder: Path) -> "Study":
        """Read the study.yaml of a folder, which `lionrank.config.studies` has checked.

        Raises:
            UserError: as `strict_yaml.read`.
        """
        return cls.build(folder, strict_yaml.read(folder / STUDY))

    @classmethod
    def build(cls, folder: Path, content: Mapping[str, Any]) -> "Study":
        """Take what the study.yaml of a folder has."""
        made = {
            key: {of: kind(**entry) for of, entry in content[key].items()}
            for key, kind in _PARTS.items()
        }
        has = frozenset(name for name in OPTIONAL if (folder / name).is_file())
        return cls(name=folder.name, has=has, **{**content, **made})

    @property
    def primary(self) -> str:
        """The account that its claims and our text are about."""
        return next(iter(self.accounts))

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """What was published, in the order of study.yaml."""
        return tuple(self._measures())

    def _measures(self) -> Iterator[Measure]:
        for name, test_set in self.test_sets.items():
            for metric in test_set.metrics:
                yield Measure(name, metric, None if metric == GRADED else test_set.level)

    @property
    def recipes(self) -> dict[str, tuple[str, str]]:
        """The optimizer and the objective of each treatment."""
        return {name: (each.optimizer, each.objective) for name, each in self.treatments.items()}

    def labels(self, training: str) -> tuple[str, str]:
        """Return the labels of model and treatment of a training, by its name."""
        model, treatment = training.split("_")
        return self.models[model].label, self.treatments[treatment].label

    def label_of(self, part: str) -> str:
        """Return the label of a model or treatment, and any other name as it is."""
        found = self.models.get(part) or self.treatments.get(part)
        return part if found is None else found.label


_PARTS: dict[str, Any] = {
    "models": PublishedModel,
    "treatments": PublishedTreatment,
    "test_sets": PublishedSet,
}
