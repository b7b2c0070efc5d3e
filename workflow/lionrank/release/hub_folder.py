"""A checkpoint as it would be on the hub: what a user of the model needs, and its model card."""

import os
from pathlib import Path
from typing import Any

from lionrank.files import read_json, write_json
from lionrank.release import model_card
from lionrank.release.hub import is_published
from lionrank.training.checkpoints import ENVIRONMENT, SETTINGS, folder_from

DEV_SCORES = "dev.json"


def write(checkpoint: str | os.PathLike, facts: dict[str, Any], folder: str | os.PathLike) -> None:
    """Make `folder` of a checkpoint's files, but for what only its training goes on from.

    `facts` are those of a model card that the checkpoint does not have in its own files.
    """
    source = Path(checkpoint)
    settings = read_json(source / SETTINGS)
    environment = read_json(source / ENVIRONMENT)
    own = {"name": source.name, "settings": settings, "epochs": settings["epochs"], **environment}
    with folder_from(source, folder) as made:
        for path in made.iterdir():
            if not is_published(path.name):
                path.unlink()
        write_json(made / DEV_SCORES, facts["development"])
        model_card.write(made, {**facts, **own})
