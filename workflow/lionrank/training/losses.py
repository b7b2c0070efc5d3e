"""Losses: what the logits of an example's passages are compared with, and how.

An example is a query with one passage or more, and a label or a teacher's score of each. A new loss
is a class like `BinaryCrossEntropy` and a line in `LOSSES`.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional

LABELS: Literal["labels"] = "labels"
"""Relevance: a passage is relevant if its label is above 0, the more the higher."""
SCORES: Literal["scores"] = "scores"
"""A teacher's scores, of any range."""


class Loss(torch.nn.Module, ABC):
    """A loss of single examples, so that the mean of a batch can be taken in micro-batches."""

    learns_from: ClassVar[tuple[Literal["labels", "scores"], ...]] = (LABELS,)
    """What its targets may be; where the data have several, the first."""
    fewest: ClassVar[int] = 1
    """Passages that an example has at least."""
    needs_logits: ClassVar[bool] = False
    """Whether the range of the targets counts, so that probabilities cannot be learnt from."""
    needs_relevant: ClassVar[bool] = False
    """Whether an example needs a relevant passage, and one that is not."""

    @abstractmethod
    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each example.

        Of `n` examples with equally many passages: logits and targets [n, passages], losses [n],
        all float32.
        """


class BinaryCrossEntropy(Loss):
    """Binary cross-entropy on the logit, the loss of the published experiment."""

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        losses = functional.binary_cross_entropy_with_logits(
            logits, (targets > 0).float(), reduction="none"
        )
        return losses.mean(dim=1)


class Hinge(Loss):
    """max(0, 1 - (s_i - s_j)), the mean over pairs of passages with i more relevant than j."""

    fewest = 2
    needs_relevant = True

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        return _mean_over_pairs(functional.relu(1 - _differences(logits)), targets)


class MeanSquaredError(Loss):
    """The squared difference of logit and teacher's score, the mean over passages."""

    learns_from = (SCORES,)
    needs_logits = True

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        return functional.mse_loss(logits, targets, reduction="none").mean(dim=1)


class MarginMSE(Loss):
    """The squared difference of margins: of the first passage and each other one, the mean.

    Hofstätter et al. 2020, Improving efficient neural ranking models with cross-architecture
    knowledge distillation, has one other passage, sentence-transformers' `MarginMSELoss` several.
    """

    learns_from = (SCORES,)
    fewest = 2
    needs_logits = True

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        margins, wanted = (scores[:, :1] - scores[:, 1:] for scores in (logits, targets))
        return functional.mse_loss(margins, wanted, reduction="none").mean(dim=1)


class InfoNCE(Loss):
    """-log softmax of a relevant passage among itself and all that are not relevant.

    The mean over the relevant ones, each without the others. With one of them it is the localized
    contrastive estimation of Gao et al. 2021, Rethink training of BERT rerankers in multi-stage
    retrieval pipeline. The logits are taken as they are: sentence-transformers'
    `MultipleNegativesRankingLoss` takes their sigmoid, and adds passages of other queries.
    """

    fewest = 2
    needs_relevant = True

    def __init__(self, temperature: float = 1.0) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        relevant = targets > 0
        scaled = logits / self.temperature
        others = scaled.masked_fill(relevant, -torch.inf).logsumexp(dim=1, keepdim=True)
        losses = torch.logaddexp(scaled, others) - scaled
        return (losses * relevant).sum(dim=1) / relevant.sum(dim=1)


class RankNet(Loss):
    """log(1 + exp(s_j - s_i)), the mean over pairs of passages with i above j.

    Burges et al. 2005, Learning to rank using gradient descent. The logarithm is the natural one:
    sentence-transformers' `RankNetLoss` takes that to base 2, and so is 1/ln 2 larger. Its mean,
    too, is over the pairs of all examples, and ours over examples.
    """

    learns_from = (SCORES, LABELS)
    fewest = 2

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        return _mean_over_pairs(functional.softplus(-_differences(logits)), targets)


class _OfLibrary(Loss):
    """A listwise loss of sentence-transformers, which takes its own mean over an example."""

    fewest = 2
    name: ClassVar[str]
    """Of its class there."""

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        return torch.stack(
            [self._of_one(*example) for example in zip(logits, targets, strict=True)]
        )

    @property
    def _loss(self) -> type[torch.nn.Module]:
        # Not at the top: it takes long to import, and most trainings have another loss.
        from sentence_transformers.cross_encoder import losses as library

        found: type[torch.nn.Module] = getattr(library, self.name)
        return found

    def _of_one(self, logits: Tensor, targets: Tensor) -> Tensor:
        # It wants texts, and a model that gives logits for them.
        texts = [""] * len(logits)
        loss: Tensor = self._loss(_Given(logits))([[""], [texts]], [targets])
        return loss


class _Given:
    """Stands for a model whose logits are known."""

    num_labels = 1

    def __init__(self, logits: Tensor) -> None:
        self.logits, self.device = logits, logits.device
        self.taken = 0

    def preprocess(self, pairs: list, **_: object) -> dict[str, Tensor]:
        start, self.taken = self.taken, self.taken + len(pairs)
        return {"scores": self.logits[start : self.taken]}

    def __call__(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return inputs


class ADRMSE(_OfLibrary):
    """Squared error of ranks, approximated from the logits, discounted by log2(1 + rank).

    Schlatt et al. 2025, Rank-DistiLLM: closing the effectiveness gap between cross-encoders and
    LLMs for passage re-ranking.
    """

    learns_from = (SCORES, LABELS)
    name = "ADRMSELoss"


class LambdaLoss(_OfLibrary):
    """LambdaLoss with the weights of NDCG-Loss2++.

    Wang et al. 2018, The LambdaLoss framework for ranking metric optimization. Gains are 2 to the
    power of a label, so that scores are no labels.
    """

    needs_relevant = True
    name = "LambdaLoss"


def _differences(logits: Tensor) -> Tensor:
    """Return s_i - s_j [n, i, j]."""
    return logits[:, :, None] - logits[:, None, :]


def _mean_over_pairs(losses: Tensor, targets: Tensor) -> Tensor:
    """Return the means [n] over pairs [n, i, j] with i above j; 0 where there is no such pair."""
    above = _differences(targets) > 0
    return torch.where(above, losses, 0.0).sum(dim=(1, 2)) / above.sum(dim=(1, 2)).clamp(min=1)


def of_examples(loss: Loss, logits: Tensor, targets: Tensor, sizes: Tensor) -> Tensor:
    """Return the loss of each example [n], which may have different numbers of passages.

    Logits and targets [passages of all examples], sizes [n].
    """
    if (sizes == sizes[0]).all():
        shape = (len(sizes), -1)
        return loss(logits.view(shape), targets.view(shape))
    first = sizes.cumsum(0) - sizes
    losses = logits.new_zeros(len(sizes))
    for size in sizes.unique().tolist():
        examples = (sizes == size).nonzero().squeeze(1)
        passages = first[examples, None] + torch.arange(size)
        rows = passages.to(logits.device)
        losses = losses.index_put((examples.to(logits.device),), loss(logits[rows], targets[rows]))
    return losses


LOSSES: dict[str, type[Loss]] = {
    "bce": BinaryCrossEntropy,
    "hinge": Hinge,
    "mse": MeanSquaredError,
    "margin_mse": MarginMSE,
    "infonce": InfoNCE,
    "ranknet": RankNet,
    "adr_mse": ADRMSE,
    "lambdaloss": LambdaLoss,
}
