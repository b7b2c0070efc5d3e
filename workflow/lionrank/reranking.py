"""Scoring candidates with a checkpoint: logits in float32, most similar lengths together."""

import os

import pandas as pd
import torch
from tqdm import tqdm
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from lionrank.device import autocast


def score(
    checkpoint: str | os.PathLike,
    candidates: pd.DataFrame,
    batch_size: int,
    precision: str,
    device: torch.device,
) -> list[float]:
    """Return the logit of each row of `candidates` (columns query and passage), in their order.

    The raw logit is the score: a sigmoid would saturate, and bfloat16 would tie by the hundred.
    """
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(
        checkpoint, dtype=torch.float32, local_files_only=True
    )
    model.to(device).eval()
    encoded = tokenizer(
        candidates["query"].tolist(), candidates["passage"].tolist(), truncation=True
    )
    lengths = [len(tokens) for tokens in encoded["input_ids"]]
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    logits = torch.empty(len(order), dtype=torch.float32)
    with (
        tqdm(total=len(order), desc="scoring", unit="pair") as bar,
        torch.inference_mode(),
        autocast(device, precision),
    ):
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = tokenizer.pad(
                {key: [values[row] for row in rows] for key, values in encoded.items()},
                return_tensors="pt",
            ).to(device)
            logits[rows] = model(**batch).logits[:, 0].float().cpu()
            bar.update(len(rows))
    return logits.tolist()
