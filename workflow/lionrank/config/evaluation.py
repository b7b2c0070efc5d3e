"""What is evaluated, compared and printed: thresholds, columns, measures, averages and test sets.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.measures import GRADED, METRICS, PRIMARY, Measure
from lionrank.published.study import Study


def relevance_levels(config: Mapping[str, Any], test_set: str) -> list[int]:
    """Return the relevance thresholds at which binary measures are computed on a test set."""
    return config["test_sets"][test_set].get("relevance_levels", [1])


def paper_level(config: Mapping[str, Any], test_set: str) -> int:
    """Return the relevance threshold of a test set's .eval files and of the paper's columns."""
    levels = relevance_levels(config, test_set)
    return levels[0] if len(levels) == 1 else config["evaluation"]["relevance_level"]


def paper_columns(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return test set and metrics of the groups of columns in the table of results."""
    return _in_grid(config, config["paper"]["columns"]) or [
        {"test_set": config["grid"]["test_sets"][0], "metrics": list(METRICS)}
    ]


def averages(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the entries of the averages all of whose test sets the grid has, by name."""
    left_out = left_out_averages(config)
    return {name: entry for name, entry in config["averages"].items() if name not in left_out}


def left_out_averages(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the test sets that the grid lacks of each average of which it lacks any, by name."""
    in_grid = config["grid"]["test_sets"]
    lacking = {
        name: [test_set for test_set in entry["test_sets"] if test_set not in in_grid]
        for name, entry in config["averages"].items()
    }
    return {name: test_sets for name, test_sets in lacking.items() if test_sets}


def levels_of_averages(config: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return the relevance threshold of each test set of each average."""
    return {
        name: {test_set: paper_level(config, test_set) for test_set in entry["test_sets"]}
        for name, entry in averages(config).items()
    }


def reported(config: Mapping[str, Any]) -> list[str]:
    """Return the test sets of the grid that the paper reports or compares on, its first always.

    Those of averages are among them.
    """
    named = [entry["test_set"] for entry in [*paper_columns(config), *compared_measures(config)]]
    named += [test_set for entry in averages(config).values() for test_set in entry["test_sets"]]
    first, *others = config["grid"]["test_sets"]
    return [first, *(name for name in others if name in named)]


def stand_ins(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the reported test sets that stand in for published ones, by the latter's names."""
    named = config["paper"]["claims_on"]
    return {name: ours for name, ours in named.items() if ours in reported(config)}


def published_on(config: Mapping[str, Any], study: Study) -> dict[str, str]:
    """Return our test sets on which a study has values, by the names of those in the study.

    A published one is itself, where it is reported, or one that stands in for it.
    """
    ours = stand_ins(config)
    named = {name: ours.get(name, name) for name in study.test_sets}
    return {name: each for name, each in named.items() if each in reported(config)}


def compared_measures(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return test set, metric and level of the measures by which systems are compared."""
    measures = _in_grid(config, config["comparisons"]["measures"]) or [
        {"test_set": config["grid"]["test_sets"][0], "metric": PRIMARY}
    ]
    return [vars(measured(config, **measure)) for measure in measures]


def measured(config: Mapping[str, Any], test_set: str, metric: str) -> Measure:
    """Return a measure as the paper has it of a test set or an average, which has no level."""
    has_level = metric != GRADED and test_set not in config["averages"]
    return Measure(test_set, metric, paper_level(config, test_set) if has_level else None)


def _in_grid(config: Mapping[str, Any], entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = [*config["grid"]["test_sets"], *averages(config)]
    return [entry for entry in entries if entry["test_set"] in known]


def has_every_epoch(config: Mapping[str, Any], test_set: str) -> bool:
    """Return whether every epoch is evaluated on a test set of the grid, and not the best alone."""
    return test_set in (config["grid"]["test_sets"][0], *config["grid"]["every_epoch_on"])
