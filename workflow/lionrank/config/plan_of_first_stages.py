"""First stages other than BM25: what each is, and where it lies.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lionrank.config import first_stages
from lionrank.errors import UserError

if TYPE_CHECKING:
    from lionrank.config.plan import Plan


@dataclass(frozen=True)
class FirstStagesPlan:
    """The first stages of a config, by the suffix that the names of their files have."""

    plan: "Plan"

    @property
    def config(self) -> Mapping[str, Any]:
        return self.plan.config

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
