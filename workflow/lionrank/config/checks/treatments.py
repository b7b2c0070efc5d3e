"""Checking the config: treatments, and whether their data have what objectives learn from.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.config import teachers
from lionrank.config.treatments import FROM_SCORES, LISTWISE, PAIRS
from lionrank.errors import UserError


def check_treatments(config: Mapping[str, Any]) -> None:
    """Check names of treatments, and that objectives are whole and can learn from their data."""
    for name, entry in config["treatments"].items():
        place = f"config: treatments.{name}"
        for kind, what in (("optimizers", "an optimizer"), ("models", "a model")):
            if name in config[kind]:
                raise UserError(f"{place}: {name!r} is the name of {what}: name it otherwise")
        loss = config["objectives"][entry["objective"]]["loss"]
        if entry["data"] == PAIRS and (loss in LISTWISE or loss in FROM_SCORES):
            what = "several passages of a topic" if loss in LISTWISE else "scores"
            raise UserError(
                f"{place}.data: {entry['objective']} learns from {what}, and {PAIRS} are single "
                "passages with a label: name an entry of training_data"
            )
        if loss in FROM_SCORES:
            _check_scores(config, entry["objective"], entry["data"])
    for name, objective in config["objectives"].items():
        if objective.get("arguments") and objective["loss"] != "infonce":
            raise UserError(
                f"config: objectives.{name}.arguments: {objective['loss']} has none: drop them"
            )
    if config["objectives"]["bce"]["loss"] != "bce":
        raise UserError("config: objectives.bce.loss: optimizers are trained with it: leave it bce")


def _check_scores(config: Mapping[str, Any], objective: str, data: str) -> None:
    """Check that every passage of training data has a score, and that it is one of logits."""
    entry, place = config["training_data"][data], f"config: training_data.{data}"
    teacher = teachers.of_data(config, data)
    if "ranking" not in entry:
        return
    if entry["threshold"] is not None and entry["random_negatives"]:
        raise UserError(
            f"{place}.random_negatives: {objective} learns from scores, and no ranking has any of "
            "random passages: set it to 0"
        )
    if entry["threshold"] is not None and teacher is None:
        raise UserError(
            f"{place}.ranking: {objective} learns from scores, and {entry['ranking']} may lack "
            "relevant passages: name a key of teachers, which may have it as its run_file, or set "
            "threshold to null"
        )
    if teacher is not None and {"bi_encoder"} == config["teachers"][teacher].keys() - {"label"}:
        raise UserError(
            f"config: teachers.{teacher}.scale: {objective} learns from logits, and the similarity "
            "of a bi-encoder, if it is a cosine, is none: set the scale of the loss that it was "
            "trained with, which is 20 unless its authors changed sentence-transformers' own, or "
            "1 for an inner product"
        )
