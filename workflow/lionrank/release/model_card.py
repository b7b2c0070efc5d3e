"""The model card of a checkpoint: README.md with the metadata that the Hugging Face hub reads."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from huggingface_hub import ModelCard, ModelCardData

from lionrank import templates
from lionrank.files import atomic_write
from lionrank.search.choice import Choice
from lionrank.training.development import EpochScores
from lionrank.wording import listed, markdown

FILE = "README.md"
# As the hub spells them: https://huggingface.co/docs/hub/repositories-licenses
HUB_LICENCES = {
    "apache-2.0",
    "mit",
    "bsd-2-clause",
    "bsd-3-clause",
    "cc0-1.0",
    "cc-by-4.0",
    "cc-by-sa-4.0",
    "cc-by-nc-4.0",
    "gpl-3.0",
    "mpl-2.0",
}


class FactsElsewhere(TypedDict):
    """What a card tells that the checkpoint does not have in its own files.

    `label` is the model's. `pretrained` has repository, revision and licence of the start, or says
    in words what it was. `data` has the name of the training data, the number of passages of all
    their examples, and the SHA-256 of their content. `development` has the scores of the epochs so
    far, and is empty where there is nothing to score by; `dev_labels` maps dev sets to how they are
    printed, and `dev_first_stages` the labels of first stages to those of their dev sets. `choice`
    is the search that chose settings of the training, None without one.
    """

    label: str
    pretrained: Mapping[str, str | None] | str
    collection: str
    data: Mapping[str, int | str]
    development: Sequence[EpochScores]
    dev_labels: Mapping[str, str]
    dev_first_stages: Mapping[str, Sequence[str]]
    choice: Choice | None


class Facts(FactsElsewhere):
    """What a card tells.

    `name` is the checkpoint's, and `epoch` the one that it was trained to: a copy, which stands for
    an epoch that early stopping left out, has a later one in its name. `packages` maps packages to
    versions; `devices` is such as "2 x NVIDIA A100", `computed_in` the precision.
    """

    name: str
    epoch: int
    settings: Mapping[str, Any]
    packages: Mapping[str, str]
    devices: str
    computed_in: str


def write(folder: str | os.PathLike, facts: Facts) -> None:
    """Write the card of a checkpoint into a folder."""
    environment = templates.environment(
        Path(__file__).parent,
        code="`{}`".format,
        label=facts["dev_labels"].__getitem__,
        listed=listed,
        markdown=markdown,
    )
    text = templates.render(environment, "model_card.md.j2", facts)
    card = ModelCard(f"---\n{_metadata(facts).to_yaml()}\n---\n\n{text}")
    with atomic_write(Path(folder) / FILE) as handle:
        handle.write(str(card))


def _metadata(facts: Facts) -> ModelCardData:
    """Return what the hub sorts models by; what is not known is left out."""
    start = facts["pretrained"]
    source = {} if isinstance(start, str) else start
    licence = (source.get("licence") or "").lower()
    return ModelCardData(
        library_name="sentence-transformers",
        pipeline_tag="text-ranking",
        tags=["cross-encoder", "reranker", "lion-rerank"],
        base_model=source.get("repository"),
        license=licence if licence in HUB_LICENCES else None,
    )
