"""A checkpoint as sentence-transformers' own class, which its Trainer takes.

Apart, as scoring does without it: it takes long to import.
"""

import os

import torch
from sentence_transformers.cross_encoder import CrossEncoder

from lionrank.cross_encoder import model as cross_encoder


def load(checkpoint: str | os.PathLike, device: torch.device) -> CrossEncoder:
    """Return a checkpoint's model, which computes as that of `lionrank.cross_encoder.model.load`.

    Raises:
        UserError: as there.
    """
    with cross_encoder.telling_what_lacks(checkpoint):
        model = CrossEncoder(
            str(checkpoint),
            device=str(device),
            num_labels=1,
            local_files_only=True,
            model_kwargs={"dtype": torch.float32},
        )
    model.eval()
    body = model[0].model
    model.set_keep_in_fp32_modules([f"0.model.{cross_encoder.last_layer(body)}"])
    cross_encoder.make_ready(checkpoint, body, model.tokenizer)
    return model
