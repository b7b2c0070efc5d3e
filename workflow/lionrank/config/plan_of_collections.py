"""The collections of an experiment: which are used, and of what files they are made.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from functools import cached_property
from pathlib import Path

from lionrank.config import evaluation, first_stages, formats
from lionrank.config.checks.catalogue import check_local_copy
from lionrank.config.judged_sets import JudgedSet
from lionrank.config.plan_part import PlanPart


class CollectionsPlan(PlanPart):
    """The collections that are trained on or judged."""

    def used(self) -> list[str]:
        """The names of the collections that are trained on or judged."""
        names = [*self.plan.trained_on, *(each.collection for each in self.plan.judged_sets())]
        return list(dict.fromkeys(names))

    def test_sets(self, collection: str) -> list[JudgedSet]:
        return [each for each in self.plan.test_sets.values() if each.collection == collection]

    def relevance_levels(self, collection: str, topics: str) -> list[int]:
        """Return the relevance thresholds at which the grid evaluates topics of a collection."""
        levels = {
            level
            for each in self.test_sets(collection)
            if each.topics == topics
            for level in evaluation.relevance_levels(self.config, each.name)
        }
        return sorted(levels) or [1]

    @cached_property
    def topics(self) -> list[str]:
        """The names of topics that any collection may have."""
        judged = [*self.config["test_sets"].values(), *self.config["dev_sets"].values()]
        return sorted({"train", "dev", "test"} | {entry["topics"] for entry in judged})

    def corpus_files(self, collection: str) -> list[str]:
        """The files from which a corpus is imported: those of the user, or a source.

        Raises:
            UserError: it is to be imported, and ir_datasets may not download it.
        """
        entry = self.config["collections"][collection]
        imported = Path("collections", collection, "corpus")
        if entry["format"] == "ir_datasets" and not imported.exists():
            check_local_copy(entry, f"config: collections.{collection}")
        return formats.corpus_files(entry)

    def corpora(self) -> list[str]:
        """Where the passages of `used` lie, in folders that the grid needs anyway."""
        entries = {name: self.config["collections"][name] for name in self.used()}
        return [
            f"sources/{entry['source']}"
            if entry["format"] in first_stages.WITH_CANDIDATES
            else f"collections/{name}/corpus"
            for name, entry in entries.items()
        ]

    def track_file(self, collection: str, topics: str, kind: str) -> str:
        """Where the topics or qrels, which is `kind`, of an evaluation track lie."""
        return f"sources/{self.config['collections'][collection][kind][topics]}"

    def index_archive(self, collection: str) -> str:
        """Where the archive of a collection's prebuilt index lies."""
        return f"sources/{formats.index_source(self.config['collections'][collection])}"
