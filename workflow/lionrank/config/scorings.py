"""Scorings: how a document that may be longer than a model reads at once gets its score.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FIRST_P, MAX_P, MEAN_P, TOP_K, FULL = "first_p", "max_p", "mean_p", "top_k", "full"
"""Aggregations: of the scores of windows (Dai & Callan 2019, arXiv:1905.09217), or of one text."""
AGGREGATIONS = (FIRST_P, MAX_P, MEAN_P, TOP_K, FULL)

OWN_LENGTH = "own length"
"""The label of test sets without a scoring beside others: cut at each checkpoint's own length."""

NEEDED = {
    FIRST_P: ("window",),
    MAX_P: ("window", "stride"),
    MEAN_P: ("window", "stride"),
    TOP_K: ("window", "stride", "k"),
    FULL: (),
}
"""The keys that a scoring must have."""
ALLOWED = {**NEEDED, FIRST_P: ("window", "stride"), FULL: ("max_length",)}
"""The keys that it may have. Without a stride the first window alone is scored."""


@dataclass(frozen=True)
class Division:
    """How a document is divided into windows of its tokens, by the model's own tokenizer."""

    window: int
    """Tokens of a window."""
    stride: int | None
    """Tokens from the beginning of a window to that of the next; None of the first one alone."""

    @property
    def name(self) -> str:
        """What files of windows are named by, as w256s128."""
        return f"w{self.window}" + ("" if self.stride is None else f"s{self.stride}")

    def windows(self, tokens: int) -> list[tuple[int, int]]:
        """Return the first token of each window of a document of so many, and that after it.

        The last window ends with the document, and no window lies wholly in the one before. A
        document without tokens has one window without any. Without a stride there is the first
        window alone.
        """
        stride = self.stride or 0
        further = max(0, -((self.window - tokens) // stride)) if stride else 0
        begins = (number * stride for number in range(further + 1))
        return [(begin, min(begin + self.window, tokens)) for begin in begins]


@dataclass(frozen=True)
class Scoring:
    """How a document gets its score: of windows of its tokens, or as one text with its query."""

    aggregation: str
    window: int | None = None
    stride: int | None = None
    k: int | None = None
    """The windows of a document whose mean is its score."""
    max_length: int | None = None
    """Tokens of query and document that are read as one text; None is all that a model can."""

    @property
    def division(self) -> Division | None:
        """The windows, None of one text."""
        return None if self.window is None else Division(self.window, self.stride)


def scoring(config: Mapping[str, Any], name: str | None) -> Scoring | None:
    """Return a scoring by its key in the config; None stands for a checkpoint's own length."""
    if name is None:
        return None
    return Scoring(
        **{key: each for key, each in config["scorings"][name].items() if key != "label"}
    )


def as_param(how: Scoring | None) -> dict[str, Any] | None:
    """Return a scoring as a rule's param."""
    return None if how is None else asdict(how)


def from_param(param: Mapping[str, Any] | None) -> Scoring | None:
    """Return the scoring that `as_param` made a rule's param of."""
    return None if param is None else Scoring(**param)
