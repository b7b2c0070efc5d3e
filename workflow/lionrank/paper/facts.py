"""What the results say: all that the templates of the paper may use."""

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from lionrank.evaluation.comparisons import alpha, of_grid
from lionrank.evaluation.significance import ALPHA, POWER, is_exact
from lionrank.evaluation.variance import differences
from lionrank.evaluation.winning_windows import BEYOND
from lionrank.files import read_json
from lionrank.measures import METRICS
from lionrank.paper.asked import told
from lionrank.paper.costs import costs
from lionrank.paper.figures.widths import (
    changes_are_wide,
    panels_are_wide,
    panels_of_gains,
    panels_of_sizes,
    scorings_are_wide,
)
from lionrank.paper.findings import Findings
from lionrank.paper.first_stages import Printed, grouped
from lionrank.paper.prose import macros
from lionrank.paper.provenance import STAGES, link
from lionrank.paper.results import Layout
from lionrank.paper.settings import shared_settings
from lionrank.paper.studies import StudyFacts
from lionrank.paper.trained import Trained


def make_facts(
    findings: Findings,
    settings: Mapping[str, Mapping[str, Any]],
    provenance: Mapping[str, Any],
    compared: Mapping[str, Any],
    studies: Sequence[StudyFacts],
    *,
    efficiency: Mapping[str, Any],
    first_stages: Sequence[Printed],
    paper: Mapping[str, Any],
    **others: Any,
) -> dict[str, Any]:
    """Return what the templates may use, by name.

    `settings` are the resolved ones of each training; `compared` and `efficiency` the contents of
    comparisons.json and efficiency.json; `studies` the published ones that the paper is about;
    `paper` that part of the config;
    `first_stages` those of the test sets that have one, the first test set's first.
    `others` are passed on as they are: `asked`, the contrasts of ladders and of the config;
    `changes`, the content of changes.json; parts of the config (`backbones`, `retrieval`, `pairs`;
    `selection` and `training`, the entries of the collections that are tested and of the training
    pairs; `learnt_from`, how training data were chosen); the names of the `figures`; the labels of
    the `objectives`, of the `ladders` and of the `dev_sets`, the `overlap` of these with test sets,
    and whether it is `dropped` from the evaluation, the `collection`'s name and `statistics`;
    `replication`, what published checkpoints reproduce, None where there are none; `by_depth`, what
    came of cutting candidates at several depths, a test set each, the first of which the figure
    has; `ways`, how documents of test sets and dev sets are scored, and `scorings`, the groups of
    test sets that differ in that alone, each with how its scorings stand to each other; `winning`,
    which windows of documents win there; `search`, what the search for settings found, None where
    none were searched; and `smoothing`, the part of an epoch that the running mean in the figure of
    the training curves covers. The functions of `lionrank.paper.prose` are among the facts, too.
    """
    shared = shared_settings(settings, findings.grid)
    layout, queries = findings.results.layout, findings.results.queries
    claims = [claim for study in studies for claim in study.claims["claims"]]
    functions = macros(findings, claims, compared) | {"made_by": partial(link, provenance)}
    return (
        others
        | functions
        | {
            "at_best_only": [
                layout.test_sets[name].label
                for name in layout.shown_test_sets
                if not layout.test_sets[name].every_epoch
            ],
            "averages": _averages(layout, compared),
            "beyond": BEYOND,
            "asked_before": any({"adamw", "lion"} <= each.treatments for each in studies),
            "beside_published": _beside(paper["beside_published"], studies),
            "changes_are_wide": changes_are_wide(others["changes"]),
            "costs": costs(findings, efficiency["trainings"]),
            "depth": first_stages[0]["depth"],
            "depths": grouped(first_stages, "depth"),
            "differing": bool(differences(findings.grid, layout.primary.test_set)),
            "efficiency": efficiency,
            "findings": findings,
            "first_stage": findings.first_stage,
            "first_stages": grouped(first_stages, "label", "kind", "source"),
            "gains_are_wide": panels_are_wide(len(panels_of_gains(compared)), findings.grid),
            "grid": findings.grid,
            "label": layout.test_sets[layout.primary.test_set].label,
            "losses": list(dict.fromkeys(each["loss"] for each in settings.values())),
            "leveled": [layout.test_sets[name].label for name in layout.with_levels],
            "paper": paper,
            "measures": list(dict.fromkeys(METRICS[c.metric] for c in layout.columns)),
            "primary": METRICS[layout.primary.metric],
            "provenance": provenance,
            "queries": queries[layout.primary.test_set],
            "ranked_by": _ranked_by(findings, layout.single(layout.shown_test_sets)),
            "averaged_ranked_by": _ranked_by(findings, layout.single(layout.averages)),
            "may_stop": any(each["early_stopping"] for each in settings.values()),
            "restarting": [
                each.described for each in findings.trainings if settings[each.name]["restarts"]
            ],
            "scorings_are_wide": scorings_are_wide(findings.grid),
            "settings": settings,
            "shared": shared,
            "shown": [
                (layout.test_sets[name].label, queries[name], len(layout.test_sets[name].test_sets))
                for name in layout.shown_test_sets
            ],
            "sizes_are_wide": panels_are_wide(len(panels_of_sizes(layout)), findings.grid),
            "stages": _in_order(provenance["stages"]),
            "studies": studies,
            "stopped": _stopped(findings, settings),
            "tests": _tests(compared, queries[layout.primary.test_set]),
            "thresholds": _thresholds(layout),
            "told_contrasts": told(others["asked"], layout.primary),
            "told_optimizers": _told_optimizers(findings, studies),
        }
    )


def _told_optimizers(findings: Findings, studies: Iterable[StudyFacts]) -> set[str]:
    """Return the optimizers that anything was trained with, here or in a study."""
    return {*findings.grid.used_optimizers} | {
        each.optimizer for study in studies for each in study.study.treatments.values()
    }


def _beside(
    asked: Mapping[str, str] | None, studies: Iterable[StudyFacts]
) -> dict[str, Any] | None:
    """Return study, account and label of the values that stand beside ours, None without any."""
    if asked is None:
        return None
    (study,) = [each for each in studies if each.name == asked["study"]]
    return {**asked, "label": study.study.accounts[asked["account"]]}


def overlap(
    paths: Iterable[str | os.PathLike], test_sets: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return label, number of `topics` and of those `shared` with dev sets, of test sets with any.

    `paths` is results/overlap.json, or nothing where there is no dev set.
    """
    return [
        {"label": test_set["label"], "topics": found["topics"], "shared": len(found["shared"])}
        for path in paths
        for name, found in read_json(path).items()
        if found["shared"] and (test_set := test_sets.get(name))
    ]


def _stopped(
    findings: Findings, settings: Mapping[str, Mapping[str, Any]]
) -> dict[int, list[Trained]]:
    """Return the trainings that stopped early by their last epochs, in the order of these."""
    stopped: dict[int, list[Trained]] = {}
    for each in findings.trainings:
        if (last := each.training.epochs[-1]) < settings[each.name]["epochs"]:
            stopped.setdefault(last, []).append(each)
    return dict(sorted(stopped.items()))


def _tests(compared: Mapping[str, Any], queries: int) -> dict[str, Any]:
    """Return how the comparisons were tested; `percent` is the confidence of the intervals."""
    settings = compared["settings"]
    return settings | {
        "alpha": alpha(compared),
        "percent": round(100 * settings["confidence"], 6),
        "exact": is_exact(queries, settings["permutations"]),
        "power": POWER,
        "power_alpha": ALPHA,
        "seeds": compared["seeds"],
    }


def _ranked_by(findings: Findings, test_sets: Iterable[str]) -> list[dict[str, Any]]:
    """Return the labels of the first stages of some test sets, with those of the test sets."""
    labels = {name: entry.label for name, entry in findings.results.layout.test_sets.items()}
    return [
        {"label": each.label, "test_sets": list(dict.fromkeys(labels[name] for name in names))}
        for each, names in findings.grid.ranked_by(test_sets).items()
    ]


def _averages(layout: Layout, compared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return label and test sets of each average, and whether systems were compared by it."""
    by = {contrast["test_set"] for contrast in of_grid(compared["contrasts"])}
    return [
        {
            "label": entry.label,
            "sets": [layout.test_sets[each].label for each in entry.test_sets],
            "compared": name in by,
        }
        for name, entry in layout.averages.items()
    ]


def _thresholds(layout: Layout) -> list[tuple[int, list[str]]]:
    """Return each relevance threshold with the test sets whose binary columns take it."""
    found: dict[int, dict[str, None]] = {}
    for column in layout.columns:
        for level, label in layout.levels_of(column):
            found.setdefault(level, {})[label] = None
    return [(level, list(labels)) for level, labels in sorted(found.items())]


def _in_order(stages: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stages in the order in which data flows through them."""
    return {stage: stages[stage] for stage in STAGES if stage in stages}
