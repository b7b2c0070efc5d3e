"""The grid of an experiment as plain dictionaries, of which `lionrank.grid.Grid` is built.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lionrank.config import evaluation, first_stages
from lionrank.config.treatments import treatment
from lionrank.grid import PRETRAINED, VARIOUS

if TYPE_CHECKING:
    from lionrank.config.plan import Plan


def printed(plan: "Plan") -> dict[str, Any]:
    """Models, optimizers, epochs, other systems and first stages as the paper prints them."""
    others = plan.others
    models = {name: plan.config["models"][name] for name in plan.models}
    return {
        "models": {
            name: {"label": entry["label"], "start": _start(entry)}
            for name, entry in models.items()
        },
        "optimizers": {name: treatment(plan.config, name).label for name in plan.optimizers},
        "epochs": plan.epochs,
        "systems": _other_systems(plan, {name: each["label"] for name, each in others.items()}),
        "recipes": _recipes(plan),
        "first_stages": {
            name: {"name": each, "label": first_stages.label(plan.config, each)}
            for name, each in _first_stages(plan).items()
        },
        "seeds": plan.seeds,
        "scorings": plan.scorings.reported(),
    }


def named(plan: "Plan") -> dict[str, Any]:
    """The same as results have them: a new label changes none of those."""
    return {
        "models": {name: {"label": name, "start": PRETRAINED} for name in plan.models},
        "optimizers": {name: name for name in plan.optimizers},
        "epochs": plan.epochs,
        "systems": _other_systems(plan, {name: name for name in plan.others}),
        "recipes": _recipes(plan),
        "first_stages": {
            name: {"name": each, "label": each} for name, each in _first_stages(plan).items()
        },
        "seeds": plan.seeds,
        "scorings": plan.scorings.reported(),
    }


def _start(model: Mapping[str, Any]) -> str:
    """How a model's weights start, in the words of tables and captions."""
    return "random start" if model["pretrained"] is None else PRETRAINED


def _first_stages(plan: "Plan") -> dict[str, str]:
    """What ranked the candidates of the reported test sets that have a ranking.

    An average has that of all of its test sets or, where they differ, what stands for several.
    """
    found = {name: plan.test_sets[name].first_stage for name in plan.reported}
    for average, entry in evaluation.averages(plan.config).items():
        found[average] = _of_all({found[name] for name in entry["test_sets"]})
    return {name: each for name, each in found.items() if each is not None}


def _of_all(first_stages: set[str | None]) -> str | None:
    if len(first_stages) == 1:
        return first_stages.pop()
    return None if None in first_stages else VARIOUS.name


def _recipes(plan: "Plan") -> dict[str, dict[str, Any]]:
    found = {name: treatment(plan.config, name)._asdict() for name in plan.optimizers}
    searched = {optimizer for _, optimizer in plan.search.searched}
    return {
        name: {key: recipe[key] for key in ("optimizer", "objective", "data")}
        | ({"searched": True} if name in searched else {})
        for name, recipe in found.items()
    }


def _other_systems(plan: "Plan", labels: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "label": labels[name],
            "kind": "checkpoint" if "checkpoint" in entry else "run file",
            **{key: entry.get(key) for key in ("model", "optimizer", "epoch")},
        }
        for name, entry in plan.others.items()
    }
