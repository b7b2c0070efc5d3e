"""The published studies that an experiment is compared with: their files, and with what of ours.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lionrank.config import evaluation, experiment, first_stages
from lionrank.config.plan_part import PlanPart
from lionrank.grid import Grid, training_name
from lionrank.measures import METRICS, Measure
from lionrank.published.beside import standing_for
from lionrank.published.study import (
    CLAIMS,
    FOLDER,
    PER_QUERY,
    SETTINGS,
    STUDY,
    SYSTEMS,
    TABLE,
    Study,
)
from lionrank.wording import listed

TABLES = {
    PER_QUERY: "published_comparisons",
    SETTINGS: "published_settings",
    SYSTEMS: "systems",
}
"""The tables of the paper that a study has if it has a file."""


class StudiesPlan(PlanPart):
    """The studies of a config, by the names of their folders."""

    @property
    def studies(self) -> Mapping[str, Study]:
        return self.plan.studies

    def file(self, study: str, name: str) -> str:
        """A file of a study, as it is named in the repository."""
        return f"{FOLDER}/{study}/{name}"

    def files(self, study: str) -> list[str]:
        """The files of a study that its claims are decided by, study.yaml first."""
        also = [name for name in (SETTINGS, SYSTEMS) if name in self.studies[study].has]
        return [self.file(study, name) for name in (STUDY, TABLE, CLAIMS, *also)]

    def having(self, name: str) -> list[str]:
        """The studies that have a file of this name."""
        return [study for study, each in self.studies.items() if name in each.has]

    def levels(self) -> dict[str, int | None]:
        """The relevance threshold of each test set that is reported, none of averages over them."""
        levels = {name: evaluation.paper_level(self.config, name) for name in self.plan.reported}
        return levels | dict.fromkeys(self.plan.averages)

    def of_two_accounts(self) -> list[str]:
        """The studies of whose values there are several accounts."""
        return [study for study, each in self.studies.items() if len(each.accounts) > 1]

    def claims(self) -> list[str]:
        """The verdicts on the claims of each."""
        return [f"results/claims/{study}.json" for study in self.studies]

    def records(self, study: str) -> dict[str, list[str]]:
        """The files beside the results that the claims of a study are decided by.

        These are the parameters of the models, what is said of the training data, and the overlap
        of dev and test sets, each if study.yaml tells of the same.
        """
        found = self.studies[study]
        has_parameters = any(each.parameters for each in found.models.values())
        has_data = any(each.data for each in found.treatments.values())
        return {
            "parameters": ["results/parameters.json"] if has_parameters else [],
            "data": self.plan.training_data.files(".json") if has_data else [],
            "overlap": ["results/overlap.json"] if found.dev_sets else [],
        }

    def alike(self, study: str) -> dict[str, str]:
        """The trainings of a study by those of ours that stand for them, with the first seed."""
        treatments = standing_for(self.studies[study], Grid.build(**self.plan.grid()))
        return {
            training_name(model, ours): training_name(model, published)
            for model in self.plan.models
            for published, ours in treatments.items()
        }

    def tested(self) -> list[str]:
        """The tests of the values of single topics that studies have published."""
        return [f"results/published_comparisons/{study}.json" for study in self.having(PER_QUERY)]

    def tables(self) -> list[str]:
        """The tables of the paper that only studies have, by name."""
        two = self.of_two_accounts()
        return [
            *(f"claims_{study}" for study in self.studies),
            *(
                f"published_{'values' if study in two else 'scores'}_{study}"
                for study in self.studies
            ),
            *(f"{table}_{study}" for name, table in TABLES.items() for study in self.having(name)),
        ]

    def templates(self, root: Path) -> list[str]:
        """The templates of the studies' parts of the paper, as they are named in the repository."""
        return [
            path.relative_to(root).as_posix()
            for study in self.studies
            for path in sorted((root / FOLDER / study).glob("*.tex.j2"))
        ]

    def beside(self) -> list[str]:
        """The files of the study whose values stand in the table of results, none without any."""
        asked = self.config["paper"]["beside_published"]
        return [] if asked is None else self.files(asked["study"])

    def compared_beside(self) -> dict[str, Any] | None:
        """What `compared` says of that study."""
        asked = self.config["paper"]["beside_published"]
        return None if asked is None else self._compared(self.plan.studies[asked["study"]])

    def compared(self) -> dict[str, dict[str, Any]]:
        """With what of ours the values of each study may stand beside each other.

        `models` are ours whose backbone is the study's, `measures` those that we take on the same
        first stage and at the same relevance threshold, and `apart` says of others why not.
        """
        return {name: self._compared(study) for name, study in self.studies.items()}

    def _compared(self, study: Study) -> dict[str, Any]:
        backbones = {
            model: self._backbone(model) for model in self.plan.models if model in study.models
        }
        models = [name for name, own in backbones.items() if own == study.models[name].backbone]
        measures = list(self._measures(study))
        apart = [
            f"{study.models[name].label} is {study.models[name].backbone} there and "
            f"{own or 'initialised by its config'} here"
            for name, own in backbones.items()
            if name not in models
        ]
        return {
            "models": models,
            "measures": [vars(each) for each in measures if not self._apart(study, each)],
            "apart": apart + [why for each in measures if (why := self._apart(study, each))],
        }

    def _backbone(self, model: str) -> str | None:
        """The repository that a model of ours starts from, None where it is none on the hub."""
        source = self.plan.sources.get(self.config["models"][model]["pretrained"] or "")
        return source.id if source is not None and source.kind == "model" else None

    def _measures(self, study: Study) -> Iterator[Measure]:
        """Yield what was published on test sets and averages that are reported here."""
        here = [*self.plan.reported, *self.plan.averages]
        yield from (each for each in study.measures if each.test_set in here)

    def _apart(self, study: Study, measure: Measure) -> str:
        """Return in what a published measure is another one here, or nothing."""
        config, published = self.config, study.test_sets[measure.test_set]
        label = f"{METRICS[measure.metric]} on {published.label}"
        ours = evaluation.measured(config, measure.test_set, measure.metric)
        if ours.level != measure.level and measure.level is None:
            return f"{label} does not say from which grade on it counts there"
        if ours.level != measure.level:
            return (
                f"{label} counts grades from {measure.level} on there and from {ours.level} on here"
            )
        names = config["averages"].get(measure.test_set, {"test_sets": [measure.test_set]})
        scored = [config["test_sets"][name].get("scoring") for name in names["test_sets"]]
        if any(scored):
            ways = dict.fromkeys(config["scorings"][each]["label"] for each in scored if each)
            return f"{label} is of documents scored by {listed(ways)} here"
        first = {self._first_stage(name) for name in names["test_sets"]}
        if first != {published.first_stage}:
            named = [each or "what the collection brings" for each in first]
            there = published.first_stage or "what the collection brings"
            return f"{label} reranks {there} there, and {listed(sorted(named))} here"
        return ""

    def _first_stage(self, test_set: str) -> str | None:
        """What ranks a test set's candidates: bm25, a repository on the hub, or a key of ours."""
        name = experiment.first_stage(self.config, test_set)
        row = None if name is None else first_stages.source_of(self.config, name)
        return name if row is None else self.plan.sources[row].id
