"""What trainings learn from: the files of their data, and what these are made from.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from pathlib import Path
from typing import Any

from lionrank.config import formats, teachers, training_data
from lionrank.config.plan_part import PlanPart
from lionrank.config.settings import ordered
from lionrank.config.treatments import PAIRS, collection_of_data, treatment
from lionrank.grid import FIRST_STAGE


class DataPlan(PlanPart):
    """The training data of an experiment: `pairs`, and the entries of training_data by name."""

    def file(self, optimizer: str, ending: str) -> str:
        """A file, with this ending, of the data that a treatment learns from."""
        data = treatment(self.config, optimizer).data
        return f"collections/{collection_of_data(self.config, data)}/{data}{ending}"

    def files(self, ending: str) -> list[str]:
        """Files, with this ending, of all data that the trainings learn from."""
        files = (self.file(optimizer, ending) for optimizer in self.plan.optimizers)
        return list(dict.fromkeys(files))

    def counts(self) -> dict[str, str]:
        """By name, the files that count what was drawn or imported; none of the training pairs."""
        return {
            name: f"collections/{collection_of_data(self.config, name)}/{name}.ids.json"
            for name in self.plan.data
            if name != PAIRS
        }

    def drawing(self, data: str) -> dict[str, Any]:
        """How training data are drawn: of a teacher, only what it has scored."""
        others = ("collection", "ranking", "exclude", "held_out")
        entry = self.config["training_data"][data]
        drawing = {key: value for key, value in entry.items() if key not in others}
        return ordered(
            drawing
            | {"scored": teachers.of_data(self.config, data) is not None}
            | {"remove_query": formats.removes_query(self.config, entry["collection"])}
        )

    def drawing_of_triplets(self) -> dict[str, Any]:
        """How the triplets of the training pairs are drawn."""
        pairs = self.config["training_pairs"]
        return {
            "examples": pairs["triplets"],
            "passages": 2,
            "threshold": 1,
            "ranks": [pairs["hardest_rank"], pairs["negative_depth"]],
            "negatives": "any",
            "random_negatives": pairs["random_negatives"],
            "margin": None,
            "seed": pairs["seed"],
            "remove_query": formats.removes_query(self.config, pairs["collection"]),
        }

    def ranking(self, data: str) -> str:
        """The run file over the training topics that data are drawn from."""
        entry = self.config["training_data"][data]
        if entry["ranking"] == FIRST_STAGE:
            return f"retrieval/{entry['collection']}/train.trec"
        if entry["ranking"] in self.config["first_stages"]:
            return f"retrieval/{entry['collection']}/train.{entry['ranking']}.trec"
        teacher = teachers.of_data(self.config, data)
        if teacher is not None:
            return f"teachers/{teacher}/{entry['collection']}/train.trec"
        return _source_or(entry["ranking"], training_data.data_sources(self.config, data))

    def imported(self, data: str) -> str:
        """The user's file, or the source, that training data are imported from."""
        entry = self.config["training_data"][data]
        return _source_or(entry.get("file", ""), training_data.data_sources(self.config, data))

    def importing(self, data: str) -> dict[str, Any]:
        """How training data are imported."""
        entry = self.config["training_data"][data]
        settings = {key: entry[key] for key in ("format", "examples")}
        return ordered(
            settings
            | {"passages": training_data.passages_of(entry)}
            | {"remove_query": formats.removes_query(self.config, entry["collection"])}
        )

    def names(self, drawn: bool) -> list[str]:
        """The names of all training data in the config that are drawn, or that are imported."""
        entries = self.config["training_data"].items()
        return [name for name, entry in entries if training_data.is_drawn(entry) is drawn]

    def excluded(self, data: str) -> list[str]:
        """The qrels of the dev and test topics whose relevant passages the data leave out."""
        entry = self.config["training_data"][data]
        if not entry["exclude"]:
            return []
        judged = [*self.plan.dev_sets.values(), *self.plan.test_sets.values()]
        same = [each.qrels for each in judged if each.collection == entry["collection"]]
        return list(dict.fromkeys(same))


def _source_or(path: str, sources: list[str]) -> str:
    """Where a source lies, or else the path, without the ./ that makes a path of a file's name."""
    return f"sources/{sources[0]}" if sources else str(Path(path))
