"""The tables of the checkpoints that others published: beside the closest rows, all, by variant."""

from typing import Any

from lionrank.measures import METRICS
from lionrank.paper.replication import Replication
from lionrank.paper.tables.tabular import Table
from lionrank.replication.variants import AS_SCORED
from lionrank.wording import DIGITS


def table(replication: Replication) -> Table:
    """Return each system's values and those of the closest row of each published table.

    Values are named by their metrics, and `{metric}_difference` is ours minus the published one,
    None of ours. `distance` is the largest of these differences.
    """
    rows: list[dict[str, Any]] = []
    for system in replication.systems:
        ours = system.variants[AS_SCORED]["values"]
        names = {"system": system.name, "label": system.label}
        rows.append(
            {**names, "table": "ours", "checkpoint": "", "row": "", "distance": None}
            | dict(zip(replication.metrics, ours, strict=True))
            | {f"{metric}_difference": None for metric in replication.metrics}
        )
        for name in replication.names.tables:
            closest = system.closest_in(name)
            values = dict(zip(replication.metrics, closest.values, strict=True))
            rows.append(
                {**names, "table": name, "checkpoint": closest.checkpoint}
                | {
                    "row": replication.names.short(closest.checkpoint),
                    "distance": closest.distances[AS_SCORED],
                }
                | values
                | {
                    f"{metric}_difference": round(mine - values[metric], DIGITS)
                    for metric, mine in zip(replication.metrics, ours, strict=True)
                }
            )
    columns = [key for key in rows[0] if key != "row"]
    return Table(rows, columns, _facts(replication))


def distances(replication: Replication) -> Table:
    """Return how far each system is from every row that was published of its model."""
    rows: list[dict[str, Any]] = [
        {
            "system": system.name,
            "label": system.label,
            "table": row.table,
            "checkpoint": row.checkpoint,
            "row": replication.names.short(row.checkpoint),
            "distance": row.distances[AS_SCORED],
            "reproduced": row.distances[AS_SCORED] <= replication.tolerance,
        }
        for system in replication.systems
        for row in system.rows
    ]
    columns = []
    for checkpoint in dict.fromkeys(row["checkpoint"] for row in rows):
        _, optimizer, epoch = replication.names.parts(checkpoint)
        column = {
            "optimizer": optimizer,
            "epoch": epoch,
            "row": replication.names.short(checkpoint),
        }
        # The rows of another model have the same heads.
        columns += [column] if column not in columns else []
    names = [key for key in rows[0] if key != "row"]
    return Table(rows, names, _facts(replication) | {"columns": columns})


def variants(replication: Replication) -> Table:
    """Return each system's values in each variant, and the row that is then the closest."""
    rows = []
    for system in replication.systems:
        for variant, found in system.variants.items():
            closest = system.matches(variant)[0]
            rows.append(
                {"system": system.name, "label": system.label, "variant": variant}
                | {"name": system.labels[variant]}
                | dict(zip(replication.metrics, found["values"], strict=True))
                | {
                    "checkpoint": closest.checkpoint,
                    "row": replication.names.short(closest.checkpoint),
                }
                | {"distance": closest.distance}
            )
    columns = [key for key in rows[0] if key != "row"]
    return Table(rows, columns, _facts(replication))


def _facts(replication: Replication) -> dict[str, Any]:
    return {
        "metrics": {metric: METRICS[metric] for metric in replication.metrics},
        "tolerance": replication.tolerance,
    }
