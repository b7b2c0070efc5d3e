"""Configs that anybody might write: each gives a plan, or one line that names a key."""

import copy
import re
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lionrank.config import evaluation, experiment, formats
from lionrank.config.plan import Plan
from lionrank.config.schema import values
from lionrank.errors import UserError
from tests.support.configs import ROOT, overlaid

CONFIG = overlaid("""
grid: {systems: [theirs, given]}
systems:
  theirs: {label: Theirs, checkpoint: gte, model: gte, optimizer: null, epoch: null}
  given: {label: Given, run_files: {dl19: given.trec}}
search:
  trials: 2
  spaces:
    adamw:
      learning_rate: {low: 1.0e-6, high: 1.0e-3, log: true}
      betas: [[0.9, 0.999], [0.9, 0.98]]
    lion: {warmup: [0.0, 0.1], schedule: [none, linear], global_batch_size: {low: 8, high: 64}}
    gte_lion: {weight_decay: [0.01, 0.1]}
""")
PLACES = [place for place, _ in values(CONFIG) if place]
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 2, 3.0, 0.5, -0.1, 1e308, 10**20, 2**200),
    *(float("nan"), float("inf"), date(2020, 1, 1), b"x", ("a",), {"a"}),
    *("", "x", "None", "null", "~", "1", "1e-5", "dl19", "gte", "msmarco", "a\n", "a\0", "\ud83d"),
    *("_", "é", "a-b", "A", "x" * 500, "../x", "{x}", "$x^", "package:x/y"),
    *([], [[]], [None], [1], ["x"], ["gte", "gte"], [{}], {}, {"x": 1}, {1: 2}, {None: None}),
    *({"format": "beir", "folder": "x"}, {"label": "x", "collection": "msmarco", "topics": "dev"}),
]


def parent_of(config: Any, place: str) -> tuple[Any, Any]:
    """Return the mapping or list that has the place, and the key or index there."""
    *parents, last = place.split(".")
    for step in parents:
        config = config[int(step) if isinstance(config, list) else step]
    return config, int(last) if isinstance(config, list) else last


def drop(config: Any, place: str, _: Any) -> None:
    parent, key = parent_of(config, place)
    del parent[key]


def replace(config: Any, place: str, value: Any) -> None:
    parent, key = parent_of(config, place)
    parent[key] = value


def add(config: Any, place: str, value: Any) -> None:
    parent, _ = parent_of(config, place)
    if isinstance(parent, list):
        parent.append(value)
    else:
        parent[value if isinstance(value, str | int | float | date) else "x"] = value


def rename(config: Any, place: str, value: Any) -> None:
    parent, key = parent_of(config, place)
    if isinstance(parent, dict):
        parent[value if isinstance(value, str | int | float | date) else "x"] = parent.pop(key)


CHANGES = st.lists(
    st.tuples(
        st.sampled_from([drop, replace, add, rename]), st.sampled_from(PLACES), st.sampled_from(ODD)
    ),
    min_size=1,
    max_size=3,
)


def ask_all(plan: Plan) -> None:
    """Ask a plan what rules ask of it while Snakemake reads them."""
    for ending in (".trec", ".eval"):
        plan.results.of(ending)
    (
        plan.judged_sets(),
        plan.collections.corpora(),
        plan.paper.parts(),
        plan.audit.jobs(),
        plan.origins(),
        plan.draws(),
    )
    (
        plan.settings(),
        plan.paper.grid(),
        plan.paper.test_sets(),
        plan.training_logs(),
        plan.collections.topics,
    )
    plan.grid(), plan.checkpoint_pattern, plan.best_epochs()
    assert plan.results.system_pattern and plan.downloads.needed
    for test_set in plan.test_sets:
        (
            plan.results.labels(test_set),
            plan.results.chosen_on(test_set),
            plan.other_systems.given_on(test_set),
        )
    others = plan.other_systems
    for system in others.defined("checkpoint"):
        others.files(system), others.max_length(system), plan.precision(system)
    for name, collection in plan.config["collections"].items():
        formats.corpus_files(collection), formats.of_format(plan.config, name)
    assert experiment.title(plan.config) and evaluation.reported(plan.config)
    evaluation.stand_ins(plan.config), evaluation.compared_measures(plan.config)
    for search in plan.search.searched:
        for trial in plan.search.trained(*search):
            plan.search.settings(*search, trial), plan.search.scores(*search, trial)


@settings(max_examples=16 * settings.default.max_examples)
@given(changes=CHANGES)
def test_a_changed_config_gives_a_plan_or_one_line_that_names_a_key(changes):
    config = copy.deepcopy(CONFIG)
    for change, place, value in changes:
        try:
            change(config, place, copy.deepcopy(value))
        except (KeyError, IndexError, TypeError, ValueError):
            continue  # an earlier change took the place away
    try:
        plan = Plan.read(config, ROOT)
    except UserError as error:
        message = str(error)
        assert "\n" not in message and len(message) < 1000
        keys = "|".join(re.escape(str(key)) for key in (*CONFIG, *config, "top level"))
        assert re.match(rf"config: (?:{keys})[.:]", message), message
    else:
        ask_all(plan)
