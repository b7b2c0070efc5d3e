"""First stages other than BM25: what each is, and where it lies.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from lionrank.config import first_stages
from lionrank.config.judged_sets import JudgedSet
from lionrank.config.plan_part import PlanPart
from lionrank.errors import UserError
from lionrank.grid import FIRST_STAGE


class FirstStagesPlan(PlanPart):
    """The first stages of a config, by the suffix that the names of their files have."""

    def by(self, kind: str) -> list[str]:
        """Patterns of the suffixes of all in the config with this key, one of their kinds."""
        return [rf"\.{name}" for name, each in self.config["first_stages"].items() if kind in each]

    def run_file(self, collection: str, topics: str, by: str) -> str:
        """The user's run file that a first stage has for topics of a collection.

        Raises:
            UserError: its entry names none.
        """
        name = by.removeprefix(".")
        files: Mapping[str, str] = self.config["first_stages"][name]["run_files"]
        for judged_set, judged in first_stages.judged(self.config):
            is_it = (judged["collection"], judged["topics"]) == (collection, topics)
            if is_it and judged_set in files:
                return files[judged_set]
        raise UserError(
            f"config: first_stages.{name}.run_files: names none for the topics {topics} of "
            f"{collection}; known: {', '.join(files)}"
        )

    def bi_encoder(self, by: str) -> str:
        """Where a bi-encoder lies: a download, in an installed package, or a user's folder."""
        name = by.removeprefix(".")
        source = first_stages.source_of(self.config, name)
        folder: str = self.config["first_stages"][name]["bi_encoder"]
        return folder if source is None else f"sources/{source}"

    def bi_encoder_files(self, by: str) -> str | list[str]:
        """What its vectors hang on."""
        return self.plan.other_systems.bi_encoder_files(self.bi_encoder(by))

    def printed(self, sets: Iterable[JudgedSet]) -> list[dict[str, Any]]:
        """What the paper says of the first stages of dev sets and test sets that have a ranking.

        `kind` is one of `first_stages.KINDS`, bm25, or given where the collection brings it.
        """
        return [
            {
                "use": each.use,
                "test_set": each.label,
                "name": each.first_stage,
                "label": first_stages.label(self.config, each.first_stage),
                "depth": each.depth,
                **self._way(each),
            }
            for each in sets
            if each.first_stage is not None
        ]

    def _way(self, judged: JudgedSet) -> dict[str, str | None]:
        entry = self.config["first_stages"].get(judged.first_stage, {})
        collection = self.config["collections"][judged.collection]
        is_given = collection["format"] in first_stages.WITH_CANDIDATES and not judged.suffix
        plain = "given" if is_given else FIRST_STAGE
        kind = next((each for each in first_stages.KINDS if each in entry), plain)
        return {"kind": kind, "source": entry.get("bi_encoder")}
