"""How two sides of a comparison stand to each other, in the digits that are printed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lionrank.wording import DIGITS


@dataclass(frozen=True)
class Comparison:
    """Two printed values of one measure, and what may be said of them."""

    left: float
    right: float
    digits: int = DIGITS

    @property
    def relation(self) -> str:
        """Either "above", "below" or "level with", of left to right."""
        if self.left == self.right:
            return "level with"
        return "above" if self.left > self.right else "below"

    @property
    def margin(self) -> float:
        return round(abs(self.left - self.right), self.digits)


@dataclass(frozen=True)
class Tested:
    """A tested contrast on the primary measure, in the digits that are printed.

    `left` and `right` are the means that were compared, and `low` and `high` bound the difference.
    Sums of more systems have no epochs. `significant` is whether what was claimed is shown.
    """

    left: float
    right: float
    left_epochs: tuple[int, ...]
    right_epochs: tuple[int, ...]
    difference: float
    low: float
    high: float
    p: float
    significant: bool
    detectable: float
    wins: int
    ties: int
    losses: int
    spread: float | None

    @classmethod
    def of(cls, contrast: Mapping[str, Any], alpha: float) -> "Tested":
        """Take an entry of comparisons.json; `alpha` is what a corrected p-value must be below."""
        rounded = {
            # Adding 0.0 makes 0 of the negative 0 that a small difference is rounded to.
            name: round(contrast[key], DIGITS) + 0.0
            for name, key in {
                "left": "left_mean",
                "right": "right_mean",
                **{key: key for key in ("difference", "low", "high", "detectable")},
            }.items()
        }
        return cls(
            **rounded,
            left_epochs=tuple(contrast.get("left_epochs", ())),
            right_epochs=tuple(contrast.get("right_epochs", ())),
            p=contrast["p_holm"],
            significant=contrast["p_holm"] < alpha,
            spread=contrast["spread"],
            **{key: contrast[key] for key in ("wins", "ties", "losses")},
        )

    def turned(self) -> "Tested":
        """Return the contrast of right with left."""
        return replace(
            self,
            left=self.right,
            right=self.left,
            left_epochs=self.right_epochs,
            right_epochs=self.left_epochs,
            # Not -x: the negative of 0 would be printed with a sign.
            difference=0.0 - self.difference,
            low=0.0 - self.high,
            high=0.0 - self.low,
            wins=self.losses,
            losses=self.wins,
        )

    @property
    def relation(self) -> str:
        return Comparison(self.left, self.right).relation
