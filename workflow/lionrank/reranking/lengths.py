"""How much of queries and documents a model read, and what it did not."""

from dataclasses import asdict, dataclass, fields
from typing import NamedTuple

from torch import Tensor


@dataclass(frozen=True)
class Lengths:
    """Of pairs of query and document, in tokens of the model, special ones among them."""

    pairs: int = 0
    tokens: int = 0
    """That they have in full."""
    cut: int = 0
    """Pairs that were not read to their end."""
    left_out: int = 0
    """Tokens that were not read."""
    cut_queries: int = 0
    """Pairs whose query was not read to its end."""
    read: int = 0
    """Tokens that were read; what is in several windows, in each."""

    @classmethod
    def of(cls, tokens: Tensor, left_out: Tensor, cut_queries: Tensor, read: Tensor) -> "Lengths":
        """Add up pairs: tokens in full, tokens left out, whether of the query, tokens read."""
        return cls(
            pairs=len(tokens),
            tokens=int(tokens.sum()),
            cut=int((left_out > 0).sum()),
            left_out=int(left_out.sum()),
            cut_queries=int(cut_queries.sum()),
            read=int(read.sum()),
        )

    def __add__(self, other: "Lengths") -> "Lengths":
        return Lengths(*(getattr(self, it.name) + getattr(other, it.name) for it in fields(self)))

    def told(self) -> str:
        """Return in a sentence what was left out, and of how much."""
        queries = f", of {self.cut_queries:,} the query's end too" if self.cut_queries else ""
        return (
            f"{self.cut:,} of {self.pairs:,} pairs were cut{queries}: {self.left_out:,} of "
            f"{self.tokens:,} tokens were left out. The model read {self.read:,} tokens."
        )

    def record(self) -> dict[str, int]:
        """Return the same as a record has it."""
        return asdict(self)


class Scores(NamedTuple):
    """The scores [documents] of some documents, float32 on the CPU, and what was read of them."""

    scores: Tensor
    lengths: Lengths
