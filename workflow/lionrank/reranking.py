"""Scoring candidates with a checkpoint: logits in float32, most similar lengths together."""

import os

import pandas as pd
import pyarrow.parquet as pq
import torch
from sentence_transformers.cross_encoder import CrossEncoder
from tqdm import tqdm

from lionrank import cross_encoder
from lionrank.device import autocast

# Candidates that are tokenised and sorted at once: bounds the memory, whatever the test set.
CHUNK = 65_536


def score(
    checkpoint: str | os.PathLike,
    candidates: str | os.PathLike,
    batch_size: int,
    precision: str,
    device: torch.device,
) -> list[float]:
    """Return the logit of each row of a Parquet file (columns query and passage), in their order.

    The raw logit in float32 is the score, whatever the precision: a sigmoid would saturate.
    """
    model = cross_encoder.load(checkpoint, device)
    rows = pq.ParquetFile(candidates)
    logits: list[float] = []
    with (
        tqdm(total=rows.metadata.num_rows, desc="scoring", unit="pair") as bar,
        torch.inference_mode(),
        autocast(device, precision),
    ):
        for chunk in rows.iter_batches(CHUNK, columns=["query", "passage"]):
            logits += _score_chunk(model, chunk.to_pandas(), batch_size, bar)
    return logits


def _score_chunk(
    model: CrossEncoder, pairs: pd.DataFrame, batch_size: int, bar: tqdm
) -> list[float]:
    encoded = model.tokenizer(pairs["query"].tolist(), pairs["passage"].tolist(), truncation=True)
    lengths = [len(tokens) for tokens in encoded["input_ids"]]
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    logits = torch.empty(len(order), dtype=torch.float32)
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        batch = model.tokenizer.pad(
            {key: [values[row] for row in rows] for key, values in encoded.items()},
            return_tensors="pt",
        ).to(model.device)
        logits[rows] = model(batch)["scores"][:, 0].cpu()
        bar.update(len(rows))
    return logits.tolist()
