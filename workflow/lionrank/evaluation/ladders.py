"""Models of one architecture by size, and how a difference depends on it."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lionrank.errors import UserError
from lionrank.files import read_json


@dataclass(frozen=True)
class Ladder:
    """Models from the smallest to the largest, two or more.

    `encoder` has the parameters of each model's encoder, without embeddings and head. `margin` is
    by how much less than the next larger model a smaller one counts as not below it.
    """

    name: str
    encoder: Mapping[str, int]
    margin: float

    def __post_init__(self) -> None:
        """Check that each model is larger than the one before.

        Raises:
            UserError: a model's encoder has no more parameters than that of the one before.
        """
        for smaller, larger in self.steps:
            if self.encoder[smaller] >= self.encoder[larger]:
                raise UserError(
                    f"ladders.{self.name}.models: the encoder of {larger} has "
                    f"{self.encoder[larger]:,} parameters and that of {smaller} "
                    f"{self.encoder[smaller]:,}, and the models of a ladder differ in size: leave "
                    "one of them out."
                )

    @property
    def steps(self) -> list[tuple[str, str]]:
        """Each model and the next larger one."""
        return list(pairwise(self.encoder))

    @property
    def slope(self) -> dict[str, float]:
        """The weights by model of the slope per doubling of the encoder."""
        return slope(self.encoder)


def slope(sizes: Mapping[str, int]) -> dict[str, float]:
    """Return the weights by model whose sum over values is their slope per doubling of the size.

    It is the slope of least squares: a weight is the binary logarithm of the size, less the mean of
    all, by the sum of the squares of these. They sum to 0. Of two models the slope is the
    difference between them by the number of doublings.
    """
    doublings = {model: math.log2(number) for model, number in sizes.items()}
    mean = math.fsum(doublings.values()) / len(doublings)
    centred = {model: number - mean for model, number in doublings.items()}
    squares = math.fsum(number**2 for number in centred.values())
    return {model: number / squares for model, number in centred.items()}


def read(
    parameters: Sequence[str | os.PathLike], models: Mapping[str, Sequence[str]], margin: float
) -> list[Ladder]:
    """Return ladders, whose `models` are by name, in any order.

    `parameters` is the file that has `encoder` of each model, or nothing where there is no ladder.

    Raises:
        UserError: the file is damaged, or two models of a ladder are of one size.
    """
    found = {name: size for path in parameters for name, size in read_json(path).items()}
    by_size = {
        name: sorted((found[model]["encoder"], model) for model in each)
        for name, each in models.items()
    }
    return [
        Ladder(name, {model: size for size, model in each}, margin)
        for name, each in by_size.items()
    ]
