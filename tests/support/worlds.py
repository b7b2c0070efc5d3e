"""Worlds in which the same templates must say what the tables print, and no world their opposite.

A world is an experiment with all that the prose is told of it: results and tests, what trainings
logged, what they cost. Some are made up; one has the published values as if they had been measured,
one is the demo, and both have an opposite, in which every ordering is reversed.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from lionrank.claims import decide as claims_
from lionrank.claims import file as claim_file
from lionrank.claims.evidence import Ours
from lionrank.evaluation import comparisons, per_query
from lionrank.evaluation.means import means
from lionrank.grid import Grid, checkpoint_name
from lionrank.measures import METRICS
from lionrank.paper.depths import Depths, read_depths
from lionrank.paper.results import Layout, of_table, read_results
from lionrank.paper.tables import efficiency as efficiency_table
from lionrank.paper.tables import results as results_table
from lionrank.training.log import Logged, read_logged
from tests.support.choices import HALVING, LISTS, search_of
from tests.support.logs_and_costs import efficiency_of, logged_of
from tests.support.papers import CLAIMS as MADE_UP_CLAIMS
from tests.support.papers import (
    TABLE2,
    depths_of,
    facts_of,
    printed_first_stages,
    source_of,
    tex,
)
from tests.support.published_as_measured import (
    BOTH,
    CHOSEN,
    CLAIMS,
    PRINTED,
    SAME,
    silent,
    write_best,
    write_logs,
    write_results,
)
from tests.support.published_topics import compared_as_published
from tests.support.results import (
    AVERAGED,
    BESIDE_OTHERS,
    CONTRASTS,
    DENSE,
    FAST,
    GRID,
    LADDER,
    LAYOUT,
    LEARNING,
    MIXED,
    NOTHING_TRAINED,
    RANKED,
    SCENARIOS,
    TEST_SETS,
    THREE_SIZES,
    TUNED,
    TWO_TEST_SETS,
    Experiment,
    experiment,
    made_up_scores,
)
from tests.support.said import Said

MADE_UP = list(SCENARIOS)
STOPPED = {
    "one stopped early": {"gte_lion": 2},
    "stopped after different epochs": {"minilm_adamw": 2, "gte_lion": 1, "modernbert_lion": 2},
    "all stopped alike": {each.name: 2 for each in GRID.trainings()},
    "may have stopped and did not": {},
}
"""Worlds with early stopping: the last epochs of trainings that had not all three."""
WITH_OTHERS = {
    f"{kind} {number}": grid
    for kind, grid in (("beside others", BESIDE_OTHERS), ("nothing trained", NOTHING_TRAINED))
    for number in range(4)
}
"""Worlds with systems that were not trained here."""
DIFFERING = {f"learning {number}": LEARNING for number in range(6)}
"""Worlds whose trainings differ in what they learn."""
SEARCHED: dict[str, tuple[Grid, dict[str, Any]]] = {
    **{f"tuned {number}": (TUNED, {"seed": number}) for number in range(6)},
    "searched by halving": (TUNED, {"budget": HALVING}),
    "searched where trials diverge": (TUNED, {"diverged": 1}),
    "searched in vain": (TUNED, {"untuned": 0.5}),
    "searched beside what diverges": (TUNED, {"untuned": None}),
    "searched from lists": (TUNED, {"sampler": "grid", "space": LISTS}),
}
"""Worlds with settings that were given and with such as a search chose, and how it did."""
WITH_AVERAGES = {
    f"{kind} averaged {number}": grid
    for kind, grid in (
        ("trained", GRID),
        ("beside others", BESIDE_OTHERS),
        ("of several first stages", replace(BESIDE_OTHERS, first_stages=MIXED)),
        ("tuned", TUNED),
    )
    for number in range(3)
}
"""Worlds with averages over test sets."""
WITH_SEEDS = {f"{seeds} seeds {number}": seeds for seeds in (2, 3, 5) for number in range(3)}
"""Worlds whose trainings have several seeds."""
OF_OTHER_FIRST_STAGES = {
    f"{kind} {number}": (replace(grid, first_stages=first_stages), layout)
    for number, grid in enumerate((GRID, GRID, BESIDE_OTHERS, NOTHING_TRAINED))
    for kind, first_stages, layout in (
        ("dense", DENSE, LAYOUT),
        ("mixed", MIXED, TWO_TEST_SETS),
    )
}
"""Worlds in which all test sets have another first stage than BM25, or not all the same."""
ASKING = {
    f"asking {number}": (grid, ladder)
    for number, (grid, ladder) in enumerate(
        [(GRID, THREE_SIZES), (LEARNING, LADDER), (GRID, LADDER), (LEARNING, LADDER)]
    )
}
"""Worlds with contrasts of a ladder, and of the config."""
PUBLISHED_WORLDS = ["published", "published, reversed"]
DEMO_WORLDS = ["demo", "demo, reversed"]
PUBLISHED_GRID = Grid.build(
    {m.name: {"label": m.label, "start": "pretrained"} for m in GRID.models},
    GRID.optimizers,
    GRID.epochs,
    first_stages=RANKED,
)
PUBLISHED_LAYOUT = Layout.build(
    {
        "dl19": TEST_SETS["pydocs"] | {"label": "TREC DL 2019", "levels": [1]},
        "marco_qa_dev": TEST_SETS["given"] | {"label": "MS MARCO QA"},
    },
    [
        {"test_set": "dl19", "metrics": ["ndcg_cut_10", "map", "recall_10", "Rprec", "P_10"]},
        {"test_set": "marco_qa_dev", "metrics": ["recip_rank_10"]},
    ],
)
_SPREAD = r"(?:\{[^&]*\})?"
BM25_THERE = next(float(each.score) for each in TABLE2 if each.name == "BM25")
"""As it was published on DL 2019."""


@dataclass(frozen=True)
class World:
    """An experiment, what its trainings logged, and efficiency.json."""

    made: Experiment
    logged: Mapping[str, Logged]
    costs: Mapping[str, Any]
    others: Mapping[str, Any]
    """What the paper is told besides: arguments of `facts_of`."""

    @property
    def grid(self) -> Grid:
        return self.made.grid

    @property
    def primary(self) -> str:
        """The name of the first test set."""
        return self.made.results.layout.primary.test_set

    @property
    def first_stage(self) -> str:
        """The name of the first stage of the first test set."""
        return self.grid.first_stages[self.primary].name

    @property
    def published(self) -> Mapping[str, Any]:
        """What published_comparisons.json has."""
        return self.others.get("published") or compared_as_published()

    @property
    def depths(self) -> list[Depths]:
        """What came of cutting candidates at several depths, by test set."""
        return self.others["by_depth"] if "by_depth" in self.others else depths_of(self.made)

    @property
    def decided(self) -> list[dict[str, Any]]:
        """The published claims with the verdicts on them."""
        return self.others["claims"]["claims"]

    @cached_property
    def source(self) -> str:
        """The paper's LaTeX."""
        facts = facts_of(self.made, self.logged, efficiency=self.costs, **self.others)
        return source_of(facts)

    @cached_property
    def said(self) -> Said:
        """What the paper claims."""
        return Said.read(self.source)

    @cached_property
    def printed(self) -> dict[str, float]:
        """The primary scores as the table prints them, read back from the table."""
        systems = [self.first_stage, *of_table(self.grid), *self.others_named]
        printed = results_table.table(self.made.results, self.grid, self.made.chosen)
        rows = [
            line
            for line in tex("results", printed).splitlines()
            if re.search(rf"& *(?:\\bfseries )?0\.\d{{4}}{_SPREAD} & \[", line)
        ]
        return {
            system: float(re.search(rf"(0\.\d{{4}}){_SPREAD} & \[", row)[1])
            for system, row in zip(systems, rows, strict=True)
        }

    @property
    def others_named(self) -> list[str]:
        """The names of the systems that were not trained here."""
        return [each.name for each in self.grid.systems]

    @property
    def others_printed(self) -> dict[str, float]:
        return {name: self.printed[name] for name in self.others_named}

    @property
    def checkpoints(self) -> dict[str, float]:
        """The printed scores of the checkpoints or, where there is none, of systems of others.

        Of trainings with several seeds, they are those of the epochs that these chose.
        """
        names = self.grid.checkpoints() or self.others_named
        if self.grid.is_replicated:
            names = [checkpoint_name(*each) for each in self.made.chosen.items()]
        return {name: self.printed[name] for name in names}

    @cached_property
    def efforts(self) -> dict[str, dict[str, str]]:
        """What the table of efficiency prints, head -> `{model}_{optimizer}` -> cell."""
        table = tex("efficiency", efficiency_table.table(self.costs, self.grid))
        rows = [
            [cell.strip() for cell in line.removesuffix(r"\\").split("&")]
            for line in table.splitlines()
            if "&" in line
        ]
        heads = [" ".join(filter(None, pair)) for pair in zip(rows[0], rows[1], strict=True)]
        labels = set(self.grid.optimizers.values())
        cells = [row for row in rows if row[1] in labels]
        names = [training.name for training in self.grid.trainings()]
        return {
            head.replace("{", "").replace("}", ""): dict(
                zip(names, (row[place] for row in cells), strict=True)
            )
            for place, head in enumerate(heads)
        }

    @cached_property
    def contrasts(self) -> list[dict[str, Any]]:
        """The tested contrasts on the primary measure."""
        return comparisons.on_primary(self.made.compared["contrasts"], self.primary)

    def duel(self, model: str, pair: Sequence[str] = ("lion", "adamw")) -> dict[str, Any]:
        """Return the contrast of Lion (left) with AdamW at the chosen epochs of a model.

        `pair` names the treatments that stand for them.
        """
        lion, adamw = (f"{model}_{treatment}" for treatment in pair)
        (found,) = [
            each
            for each in self.contrasts
            if each["family"] == "optimizers"
            and {each[side]["training"] for side in ("left", "right")} == {lion, adamw}
        ]
        return found if found["left"]["training"] == lion else _turned(found)

    def duel_of(self, training: str) -> dict[str, Any]:
        """Return the same of the model of a training, with settings found as this one's were."""
        model, treatment = training.split("_")
        tuned = "tuned" * treatment.startswith("tuned")
        return self.duel(model, (f"{tuned}lion", f"{tuned}adamw"))

    def tuning(self, tuned: str, untuned: str) -> dict[str, Any]:
        """Return the contrast of a training with searched settings with one with given ones."""
        (found,) = [
            each
            for each in self.contrasts
            if each["family"] == "tuning"
            and [each[side]["training"] for side in ("left", "right")] == [tuned, untuned]
        ]
        return found

    @property
    def alpha(self) -> float:
        return comparisons.alpha(self.made.compared)


def _turned(contrast: Mapping[str, Any]) -> dict[str, Any]:
    """Return the contrast of right with left."""
    sides = {"left": "right", "right": "left", "wins": "losses", "losses": "wins"}
    of_sides = [
        (f"{side}{key}", f"{other}{key}")
        for side, other in (("left", "right"), ("right", "left"))
        for key in ("_mean", "_epochs")
    ]
    bounds = {"difference": "difference", "low": "high", "high": "low"}
    return (
        dict(contrast)
        | {key: contrast[other] for key, other in [*sides.items(), *of_sides]}
        | {key: -contrast[other] for key, other in bounds.items()}
    )


def made_up(name: str, folder: Path) -> World:
    """Return a made-up world; how much its topics vary decides how much of it is significant."""
    own = OF_OTHER_FIRST_STAGES
    known = [*MADE_UP, *STOPPED, *WITH_OTHERS, *DIFFERING, *WITH_AVERAGES, *own, *ASKING]
    place = [*known, *WITH_SEEDS, *SEARCHED].index(name)
    asked = {name: grid for name, (grid, _) in ASKING.items()}
    searched = {name: grid for name, (grid, _) in SEARCHED.items()}
    others = WITH_OTHERS | DIFFERING | searched | WITH_AVERAGES | asked
    layout = AVERAGED if name in WITH_AVERAGES else LAYOUT
    grid = stopped_grid(STOPPED[name]) if name in STOPPED else others.get(name, GRID)
    grid, layout = own.get(name, (grid, layout))
    scores = SCENARIOS.get(name) or made_up_scores(place, grid)
    spread = [0.001, 0.01, 0.1][place % 3]
    grid = replace(grid, seeds=tuple(range(12, 12 + WITH_SEEDS.get(name, 1))))
    made = experiment(folder, scores, grid, layout, grid.seeds, shuffled=True, spread=spread)
    if name in ASKING:
        made = replace(made, ladders=[ASKING[name][1]], contrasts=CONTRASTS)
    return World(
        made,
        logged_of(grid, place),
        efficiency_of(grid, place, energy=place % 2 == 0),
        {
            "claims": MADE_UP_CLAIMS,
            "by_depth": depths_of(made, place, others=place % 3),
            "first_stages": printed_first_stages(grid, layout),
            "search": search_of(folder, grid, **SEARCHED[name][1]) if name in SEARCHED else None,
        },
    )


def stopped_grid(last: Mapping[str, int]) -> Grid:
    """Return the grid with the last epochs of trainings that stopped early."""
    models = {each.name: {"label": each.label, "start": each.start} for each in GRID.models}
    every = {each.name: 3 for each in GRID.trainings()} | dict(last)
    return Grid.build(models, GRID.optimizers, GRID.epochs, every, first_stages=RANKED)


def published(folder: Path, noise: float = 0.05) -> World:
    """Return the world in which the published values were measured, with BM25's of table II."""
    path = write_results(folder, noise=noise)
    table = pd.read_parquet(path)
    first = table[(table["test_set"] == "dl19") & (table["system"] == table["system"].iloc[0])]
    of_first = {"system": "bm25", "model": None, "optimizer": None, "epoch": None}
    factors = {"ndcg_cut_10": 1, "map": 0.6, "recall_10": 0.25, "Rprec": 0.7, "P_10": 1.1}
    means_there = first.groupby("metric")["value"].transform("mean")
    wanted = first["metric"].map(factors) * BM25_THERE
    bm25 = first.assign(**of_first, seed=None, value=first["value"] - means_there + wanted)
    table = pd.concat([bm25, table], ignore_index=True)
    table = table.astype({"epoch": "Int64", "seed": "Int64"})
    write_best(folder, CHOSEN)
    made = _experiment(folder, table, PUBLISHED_GRID, PUBLISHED_LAYOUT, CHOSEN)
    return World(
        made,
        logged_of(PUBLISHED_GRID),
        efficiency_of(PUBLISHED_GRID),
        {"claims": _claims(folder, made), "note": None},
    )


def _claims(folder: Path, made: Experiment) -> dict[str, Any]:
    """Decide the published claims on the published test sets."""
    ours = Ours(
        per_query=made.per_query,
        grid=made.grid,
        levels=dict.fromkeys(PUBLISHED_LAYOUT.test_sets, 1),
        stand_ins={},
        logs=write_logs(folder, silent),
        settings={training.name: SAME for training in made.grid.trainings()},
    )
    decided = claims_.decide(claim_file.read(CLAIMS, PRINTED), BOTH, ours, FAST)
    return {"stand_ins": {}, **decided}


def demo(folder: Path, directory: Path) -> World:
    """Return the world of the demo that was built in `directory`, in the words of its paper."""
    grid = replace(GRID, models=_demo_models(), epochs=_demo_epochs(directory))
    layout = Layout.build(
        {"pydocs": TEST_SETS["pydocs"]}, [{"test_set": "pydocs", "metrics": list(METRICS)}]
    )
    chosen = {
        each.name: json.loads((directory / f"training/{each.name}.best.json").read_text())
        for each in grid.trainings()
    }
    results = directory / "results"
    by_depth = results / "depths.csv"
    table = pd.read_parquet(results / "per_query.parquet")
    epochs = {name: best["epoch"] for name, best in chosen.items()}
    made = _experiment(folder, table, grid, layout, epochs)
    made.results = read_results(results / "metrics.csv", layout, grid)
    made.compared = json.loads((results / "comparisons.json").read_text())
    logs = {
        each.name: [directory / f"training/{each.checkpoint(epoch)}.jsonl" for epoch in grid.epochs]
        for each in grid.trainings()
    }
    world = World(
        made,
        read_logged(logs),
        json.loads((results / "efficiency.json").read_text()),
        {
            "claims": json.loads((results / "claims" / "lion.json").read_text()),
            "published": json.loads((results / "published_comparisons" / "lion.json").read_text()),
            # Small demos have too few candidates.
            "by_depth": read_depths(by_depth, grid) if by_depth.exists() else [],
        },
    )
    # What readers of the demo are told, and not what the templates would say of the same results.
    world.__dict__["source"] = (directory / "paper" / "main.tex").read_text()
    return world


def _demo_models() -> tuple:
    first, *others = GRID.models
    return (replace(first, label="MiniLM-L6"), *others)


def _demo_epochs(directory: Path) -> tuple[int, ...]:
    best = json.loads((directory / "training" / "minilm_lion.best.json").read_text())
    return tuple(epoch["epoch"] for epoch in best["epochs"])


def _experiment(
    folder: Path, table: pd.DataFrame, grid: Grid, layout: Layout, chosen: Mapping[str, int]
) -> Experiment:
    folder.mkdir(exist_ok=True)
    path = folder / "per_query.parquet"
    table.to_parquet(path)
    means(table, FAST).to_csv(folder / "metrics.csv", index=False)
    results = read_results(folder / "metrics.csv", layout, grid)
    read = per_query.read(path, write_best(folder, chosen))
    return Experiment(grid, results, chosen, read)


def reverse(world: World, folder: Path) -> World:
    """Return the world in which whatever is higher here is lower, by as much."""
    table = pd.read_parquet(world.made.per_query.replicates[0].path)
    layout, grid = world.made.results.layout, world.grid
    made = _experiment(
        folder, table.assign(value=1 - table["value"]), grid, layout, world.made.chosen
    )
    turned = {
        name: Logged(
            10 - each.loss, 100 - each.grad_norm, {e: 10 - v for e, v in each.held_out.items()}
        )
        for name, each in world.logged.items()
    }
    others = dict(world.others)
    if world.primary == "dl19":
        others["claims"] = _claims(folder, made)
    return World(made, turned, _reverse_costs(world.costs), others)


def _reverse_costs(costs: Mapping[str, Any]) -> dict[str, Any]:
    trainings = costs["trainings"]
    keys = ("examples_per_second", "peak_memory_bytes", "optimizer_state_bytes", "energy_joules")
    turned = {name: dict(each) for name, each in trainings.items()}
    for key in keys:
        values = [each[key] for each in trainings.values() if each[key] is not None]
        for each in turned.values():
            if each[key] is not None:
                each[key] = min(values) + max(values) - each[key]
    spent = [epoch["device_hours"] for each in trainings.values() for epoch in each["by_epoch"]]
    for each in turned.values():
        each["by_epoch"] = [
            epoch | {"device_hours": min(spent) + max(spent) - epoch["device_hours"]}
            for epoch in each["by_epoch"]
        ]
    return {"trainings": turned}


def build(name: str, folder: Path, directory: Path | None = None) -> World:
    """Return a world by its name; `directory` is the demo's, for its worlds."""
    plain = name.removesuffix(", reversed")
    if plain == "demo":
        world = demo(folder / "demo", directory)
    elif plain == "published":
        world = published(folder / "published")
    else:
        return made_up(name, folder / "made_up")
    return world if plain == name else reverse(world, folder / "reversed")
