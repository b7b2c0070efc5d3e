"""A checkpoint as the cross-encoder that training and scoring both compute with."""

import os

import torch
from sentence_transformers.cross_encoder import CrossEncoder


def load(checkpoint: str | os.PathLike, device: torch.device) -> CrossEncoder:
    """Return a checkpoint's model with float32 weights and float32 logits, without dropout.

    Under autocast to bf16 the body and the layers of the head before the last, such as BERT's
    pooler, compute in bf16, and the last, which gives the logit, in float32. A logit in bf16 has
    eight significant bits: the scores of a thousand candidates would tie by the hundred.
    """
    model = CrossEncoder(
        str(checkpoint),
        device=str(device),
        num_labels=1,
        local_files_only=True,
        model_kwargs={"dtype": torch.float32},
    )
    *_, last = (
        name
        for name, layer in model.named_modules()
        if isinstance(layer, torch.nn.Linear) and layer.out_features == 1
    )
    model.set_keep_in_fp32_modules([last])
    return model.eval()
