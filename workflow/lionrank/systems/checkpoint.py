"""Checkpoints that others trained, brought into the form of those that are trained here."""

import os

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer


def import_checkpoint(
    folder: str | os.PathLike, output: str | os.PathLike, max_length: int
) -> None:
    """Write a cross-encoder's folder in the form of a trained checkpoint, in float32."""
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder, model_max_length=max_length)
    model.save_pretrained(output)
    tokenizer.save_pretrained(output)
