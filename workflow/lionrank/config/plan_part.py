"""What all parts of a plan have.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lionrank.config.plan import Plan


@dataclass(frozen=True)
class PlanPart:
    """A subject that the plan of an experiment leaves to a module of its own."""

    plan: "Plan"

    @property
    def config(self) -> Mapping[str, Any]:
        return self.plan.config
