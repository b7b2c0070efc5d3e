"""Teachers: what scores the passages of training topics, for objectives that learn from scores.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from lionrank.config.treatments import treatment
from lionrank.grid import checkpoint_name, seeds_by_name, training_name

KINDS = ("bi_encoder", "checkpoint", "run_file")
"""Keys of a teacher's entry, of which it has one."""


def of_data(config: Mapping[str, Any], data: str) -> str | None:
    """Return the teacher whose ranking training data are drawn from, None where there is none."""
    ranking = config["training_data"].get(data, {}).get("ranking")
    return ranking if ranking in config["teachers"] else None


def of_grid(config: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return model and treatment of the grid's checkpoints, by name of the checkpoint."""
    grid = config["grid"]
    return {
        checkpoint_name(training_name(model, optimizer, seed), epoch): (model, optimizer)
        for model, optimizer in product(grid["models"], grid["optimizers"])
        for seed in seeds_by_name(grid["seeds"])
        for epoch in range(1, grid["epochs"] + 1)
    }


def is_imported(config: Mapping[str, Any], teacher: str) -> bool:
    """Return whether a teacher is a checkpoint of others, and not of the grid."""
    checkpoint = config["teachers"][teacher].get("checkpoint")
    return checkpoint is not None and checkpoint not in of_grid(config)


def source_of(config: Mapping[str, Any], teacher: str) -> str | None:
    """Return the row of the table of sources that a teacher is downloaded by, if any.

    It may lie in a package, `package:NAME/FOLDER`, have a path with a `/`, or be of the grid.
    """
    entry = config["teachers"][teacher]
    name: str = next(entry[kind] for kind in KINDS if kind in entry)
    is_local = name.startswith("package:") or "/" in name or name in of_grid(config)
    return None if is_local else name


def taught_by(config: Mapping[str, Any], teacher: str) -> Iterator[str]:
    """Yield the teachers that a checkpoint of the grid has learnt from, its own first.

    Of a teacher that learns from itself they have no end.
    """
    trained = of_grid(config)
    taught: str | None = teacher
    while taught is not None:
        checkpoint = config["teachers"][taught].get("checkpoint")
        if checkpoint not in trained:
            return
        _, optimizer = trained[checkpoint]
        taught = of_data(config, treatment(config, optimizer).data)
        if taught is not None:
            yield taught
