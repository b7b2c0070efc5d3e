"""What the trainings learnt from: their data in numbers, and how these were chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lionrank.collections.describe import ExampleCounts


@dataclass(frozen=True)
class Learnt:
    """Training data: their key in the config, what the files hold, and how that was chosen.

    `origin` is what `lionrank.config.training_data.learnt_from` says. `judged` is the share of the
    passages, each counted once an example, that were judged for their topic, None where that was
    not counted.
    """

    name: str
    origin: Mapping[str, Any]
    examples: ExampleCounts
    judged: float | None

    @classmethod
    def of(
        cls,
        name: str,
        origin: Mapping[str, Any],
        examples: ExampleCounts,
        counts: Mapping[str, int],
    ) -> "Learnt":
        """Make it of the counts of what was drawn, which may be none."""
        known = "judged" in counts and counts["passages"]
        return cls(name, origin, examples, counts["judged"] / counts["passages"] if known else None)
