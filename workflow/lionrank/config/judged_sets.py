"""Dev sets and test sets: judged topics of a collection, and the files that they become.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lionrank.config import first_stages


@dataclass(frozen=True)
class JudgedSet:
    """A dev set or test set: judged topics of a collection, and the files that they become."""

    name: str
    use: str
    """development or test"""
    label: str
    collection: str
    topics: str
    first_stage: str | None
    """What ranked the candidates, None where the collection brings some that are no ranking."""
    depth: int
    """Candidates of a topic at most."""
    suffix: str = ""
    """As `first_stages.suffix` tells candidates of one set of topics apart."""
    scoring: str | None = None
    """How documents are scored, a key of scorings; None is cut at a checkpoint's own length."""

    @property
    def topics_file(self) -> str:
        return f"collections/{self.collection}/topics.{self.topics}.tsv"

    @property
    def qrels(self) -> str:
        return f"collections/{self.collection}/qrels.{self.topics}.txt"

    @property
    def corpus(self) -> str:
        return f"collections/{self.collection}/corpus"

    @property
    def ranking(self) -> str:
        """The run file of the candidates, where the collection does not bring them."""
        return f"retrieval/{self.collection}/{self.topics}{self.suffix}.trec"

    @property
    def candidates(self) -> str:
        return f"retrieval/{self.collection}/{self.topics}{self.suffix}.candidates.parquet"


def judged_sets(
    config: Mapping[str, Any], kind: str, use: str, names: Iterable[str]
) -> dict[str, JudgedSet]:
    """Return those of these names; `kind` is test_sets or dev_sets, and `use` what they are for."""
    named = {name: config[kind][name] for name in names}
    return {
        name: JudgedSet(
            name=name,
            use=use,
            label=entry["label"],
            collection=entry["collection"],
            topics=entry["topics"],
            first_stage=first_stages.of(config, entry),
            depth=first_stages.depth_of(config, entry),
            suffix=first_stages.suffix(config, entry),
            scoring=entry.get("scoring"),
        )
        for name, entry in named.items()
    }
