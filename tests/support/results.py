"""Made-up grids and their results, for the tests of tables, figures and text.

Only the per-query values are made up: means and tests are computed of them by the code that the
workflow runs.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lionrank.evaluation import comparisons, per_query
from lionrank.evaluation.ladders import Ladder
from lionrank.evaluation.means import means
from lionrank.evaluation.over_seeds import over_seeds
from lionrank.evaluation.per_query import COLUMNS, PerQuery
from lionrank.evaluation.significance import Draws
from lionrank.grid import BEST, VARIOUS, FirstStage, Grid, seeds_by_name
from lionrank.measures import GRADED, METRICS, PRIMARY
from lionrank.paper.results import Chosen, Layout, Results, chosen_epochs, read_results
from tests.support.published_as_measured import write_best

RANDOM = "random start"
BM25 = {"name": "bm25", "label": "BM25"}
RANKED = dict.fromkeys(("pydocs", "more", "ranked", "dl19", "dl20"), BM25)
"""The first stages of the test sets, and averages, that have one."""
DENSE_RANKER = FirstStage("dense", "All-MiniLM_L6")
DENSE = dict.fromkeys(RANKED, DENSE_RANKER)
MIXED = {
    "pydocs": FirstStage("sparse", "SPLADE++"),
    "given": DENSE_RANKER,
    "more": DENSE_RANKER,
    **dict.fromkeys(("ranked", "whole"), VARIOUS),
}
"""First stages of test sets other than BM25: everywhere the same, and not on all the same."""
MODELS = {
    "minilm": {"label": "MiniLM", "start": "pretrained"},
    "gte": {"label": "GTE", "start": RANDOM},
    "modernbert": {"label": "ModernBERT", "start": RANDOM},
}
GRID = Grid.build(
    models=MODELS,
    optimizers={"adamw": "AdamW", "lion": "Lion"},
    epochs=(1, 2, 3),
    first_stages=RANKED,
)

OTHERS = {
    "l6": {"label": "MiniLM-L6 v2", "kind": "checkpoint"},
    "authors": {
        "label": "The Authors' GTE & Lion",
        "kind": "checkpoint",
        "model": "gte",
        "optimizer": "lion",
        "epoch": 2,
    },
    "splade": {"label": "SPLADE", "kind": "run file"},
}
"""Systems that were not trained here."""
BESIDE_OTHERS = replace(
    GRID,
    models=tuple(each for each in GRID.models if each.name != "gte"),
    systems=Grid.build({}, {}, (), systems=OTHERS).systems,
)
"""The grid without the model of one of them, and with them."""
NOTHING_TRAINED = Grid.build({}, {}, (), systems=OTHERS, first_stages=RANKED)


def recipes(**made_of: tuple[str, str, str] | tuple[str, str, str, bool]) -> dict[str, dict]:
    """Return what treatments are made of: optimizer, objective, data, and whether searched."""
    parts = ("optimizer", "objective", "data", "searched")
    return {name: dict(zip(parts, each, strict=False)) for name, each in made_of.items()}


LEARNING = Grid.build(
    models={name: MODELS[name] for name in ("minilm", "gte")},
    optimizers={
        "adamw": "AdamW",
        "lion": "Lion",
        "bcelists": "BCE on lists",
        "infonce": "InfoNCE",
        "ranknet": "taught RankNet",
        "infoncelion": "InfoNCE by Lion",
    },
    epochs=(1, 2, 3),
    recipes=recipes(
        adamw=("adamw", "bce", "pairs"),
        lion=("lion", "bce", "pairs"),
        bcelists=("adamw", "bce", "bm25lists"),
        infonce=("adamw", "infonce", "bm25lists"),
        ranknet=("adamw", "ranknet", "bi_lists"),
        infoncelion=("lion", "infonce", "bm25lists"),
    ),
    first_stages=RANKED,
)
"""A grid whose trainings differ in what they learn."""

TUNED = Grid.build(
    models={name: MODELS[name] for name in ("minilm", "gte")},
    optimizers={
        "adamw": "AdamW",
        "lion": "Lion",
        "tunedadamw": "AdamW (tuned)",
        "tunedlion": "Lion (tuned)",
    },
    epochs=(1, 2, 3),
    recipes=recipes(
        adamw=("adamw", "bce", "pairs"),
        lion=("lion", "bce", "pairs"),
        tunedadamw=("adamw", "bce", "pairs", True),
        tunedlion=("lion", "bce", "pairs", True),
    ),
    first_stages=RANKED,
)
"""A grid with the settings of the config, and with those that a search chose."""

LADDER = Ladder("bert", {"minilm": 10_000_000, "gte": 80_000_000}, 0.05)
THREE_SIZES = Ladder("three", {"minilm": 1, "gte": 3, "modernbert": 20}, 0.05)
CONTRASTS = {
    "interaction": {
        "weights": {"gte_lion": 1, "gte_adamw": -1, "minilm_lion": -1, "minilm_adamw": 1},
        "claim": "two_sided",
        "margin": None,
        "family": "named",
    },
    "halves": {
        "weights": {"gte_lion": 0.5, "minilm_lion_e1": 0.5, "first_stage": -1},
        "claim": "two_sided",
        "margin": None,
        "family": "named",
    },
    "alike": {
        "weights": {"minilm_lion": 1, "minilm_adamw": -1},
        "claim": "equivalent",
        "margin": 0.03,
        "family": "no_difference",
    },
    "as_good": {
        "weights": {"gte_adamw": 1, "minilm_lion": -1},
        "claim": "not_below",
        "margin": 0.03,
        "family": "no_difference",
    },
}
"""Contrasts that a config names, as `lionrank.config.contrasts.contrasts` has them."""
LABELS_OF_CONTRASTS = {
    "ladders": {"bert": "BERT & Co.", "three": "All 3"},
    "contrasts": {
        "interaction": "Interaction of 100%",
        "halves": "Lion over the first stage",
        "alike": "Lion beside AdamW",
        "as_good": "GTE after MiniLM",
    },
}

FAST = Draws(permutations=400, resamples=100)
FAMILIES = (
    *("optimizers", "optimizers_by_epoch", "tuning", "objectives", "data"),
    *("models", "first_stage", "systems", "scaling", "ladder", "scorings"),
)
TEST_SETS = {
    "pydocs": {"label": "pydocs", "level": 1, "levels": [1, 2]},
    "given": {"label": "Given", "level": 1, "levels": [1]},
}
LAYOUT = Layout.build(
    {"pydocs": TEST_SETS["pydocs"]}, [{"test_set": "pydocs", "metrics": list(METRICS)}]
)
TWO_TEST_SETS = Layout.build(
    TEST_SETS,
    [
        {"test_set": "pydocs", "metrics": [PRIMARY, "map"]},
        {"test_set": "given", "metrics": ["recip_rank_10"]},
    ],
)
AVERAGED_SETS = TEST_SETS | {
    "more": {"label": "More", "level": 2, "levels": [2]},
    "ranked": {
        "label": "Ranked & Averaged",
        "level": None,
        "levels": [],
        "test_sets": ["pydocs", "more"],
    },
    "whole": {
        "label": "Whole",
        "level": None,
        "levels": [],
        "test_sets": ["pydocs", "given", "more"],
    },
}
"""Test sets, and averages over them."""
AVERAGED = Layout.build(
    AVERAGED_SETS,
    [
        {"test_set": "pydocs", "metrics": [PRIMARY]},
        {"test_set": "ranked", "metrics": [PRIMARY, "map"]},
        {"test_set": "whole", "metrics": [PRIMARY]},
    ],
)
AVERAGED_AT_BEST = Layout.build(
    {
        name: entry | {"every_epoch": name in ("pydocs", "given")}
        for name, entry in AVERAGED_SETS.items()
    },
    [
        {"test_set": "pydocs", "metrics": [PRIMARY]},
        {"test_set": "ranked", "metrics": [PRIMARY, "map"]},
        {"test_set": "whole", "metrics": [PRIMARY]},
    ],
)
"""The same with the chosen epochs alone on one of the test sets, and so in both averages."""
SIZES = {"more": 8}
"""Topics of test sets that have others than as many as all."""

AT_BEST = Layout.build(
    {"pydocs": TEST_SETS["pydocs"], "given": TEST_SETS["given"] | {"every_epoch": False}},
    [
        {"test_set": "pydocs", "metrics": [PRIMARY, "map"]},
        {"test_set": "given", "metrics": ["recip_rank_10"]},
    ],
)
"""The same with the chosen epochs alone on the second test set."""


@dataclass
class Experiment:
    """Results with the values they are of, and the epochs chosen on development data."""

    grid: Grid
    results: Results
    chosen: Chosen
    per_query: PerQuery
    ladders: Sequence[Ladder] = ()
    contrasts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @cached_property
    def compared(self) -> dict[str, Any]:
        """What comparisons.json has: nDCG@10 and MRR@10 where they are shown."""
        measures = [
            column
            for column in self.results.layout.columns
            if column.metric in (GRADED, "recip_rank_10")
        ]
        return comparisons.compare_systems(
            self.per_query, self.grid, measures, FAMILIES, FAST, self.ladders, self.contrasts
        )


def plain(grid: Grid) -> dict[str, Any]:
    """Return what `Grid.build` makes a grid of, as rules have it among their params."""
    systems = map(asdict, grid.systems)
    return {
        "models": {each.name: {"label": each.label, "start": each.start} for each in grid.models},
        "optimizers": dict(grid.optimizers),
        "epochs": list(grid.epochs),
        "systems": {each.pop("name"): each for each in systems},
        "recipes": dict(grid.recipes),
        "first_stages": {name: asdict(each) for name, each in grid.first_stages.items()},
        "seeds": list(grid.seeds),
        "scorings": [list(group) for group in grid.scorings],
    }


def labels_of(grid: Grid) -> dict[str, tuple]:
    """Return model, optimizer, epoch and seed of every system, as tidy tables have them."""
    trained = {
        checkpoint: (training.model.name, training.treatment.name, epoch, each.seed)
        for training in grid.trainings()
        for each in training.by_seed
        for checkpoint, epoch in zip(each.checkpoints(), each.epochs, strict=True)
    }
    others = {each.name: (each.model, each.optimizer, each.epoch, None) for each in grid.systems}
    ranked_by = [each.name for each in grid.first_stages.values() if each.name != VARIOUS.name]
    first_stages = dict.fromkeys(ranked_by, (None,) * 4)
    return {**first_stages, **trained, **others}


def per_query_table(
    scores: Mapping[str, float],
    grid: Grid = GRID,
    layout: Layout = LAYOUT,
    shuffled: bool = False,
    spread: float = 0.1,
    queries: int = 24,
    seed: int = 12,
) -> pd.DataFrame:
    """Return values whose means are `scores` in the primary measure.

    Run files of others are there on the primary test set only.

    The other measures are multiples of them; if `shuffled`, of those of another checkpoint.
    `spread` is the standard deviation over queries, around the same difficulty for all systems.
    """
    dice = random.Random(seed)
    noise = np.random.default_rng(seed)
    names = labels_of(replace(grid, seeds=(seed,)))
    first_stages = {each.name for each in grid.first_stages.values()}
    lacking = {each.name for each in grid.systems if each.kind == "run file"}
    qids = [f"q{place:02}" for place in range(queries)]
    factors = dict(zip(METRICS, (1, 0.9, 0.95, 0.8, 0.7, 0.1), strict=True))
    rows = []
    single = [each for each in layout.measures() if each.test_set not in layout.averages]
    for measure in single:
        of_set = qids[: SIZES.get(measure.test_set, queries)]
        without = lacking if measure.test_set != layout.primary.test_set else set()
        systems = [name for name in scores if name not in first_stages | without]
        values = [scores[name] for name in systems]
        if shuffled and measure.metric != PRIMARY:
            dice.shuffle(values)
        if measure.test_set == "more":
            # So that an average ranks the systems as none of its test sets does.
            values = [*values[5:], *values[:5]]
        means = dict(zip(systems, values, strict=True))
        if (first_stage := grid.first_stage(measure.test_set)) is not None:
            means[first_stage.name] = scores[first_stage.name]
        for system, mean in means.items():
            deviations = noise.normal(size=len(of_set)) * spread
            found = factors[measure.metric] * (mean + deviations - deviations.mean())
            rows += [
                (
                    measure.test_set,
                    system,
                    *names[system],
                    "demo",
                    measure.metric,
                    measure.level,
                    *pair,
                )
                for pair in zip(of_set, found, strict=True)
            ]
    table = pd.DataFrame(rows, columns=COLUMNS.names)
    return table.astype({"epoch": "Int64", "seed": "Int64", "level": "Int64"})


def experiment(
    folder: Path,
    scores: Mapping[str, float],
    grid: Grid = GRID,
    layout: Layout = LAYOUT,
    seeds: Sequence[int] = (12,),
    **table: Any,
) -> Experiment:
    """Write values and means of an experiment into a folder, as `seeded_table` makes them up."""
    folder.mkdir(exist_ok=True)
    grid = replace(grid, seeds=tuple(seeds))
    averages = averages_of(layout)
    values, chosen = seeded_table(scores, grid, layout, **table)
    path = folder / "per_query.parquet"
    values.to_parquet(path)
    write_means(folder, values, chosen, grid, averages)
    results = read_results(folder / means_file(grid), layout, grid)
    read = per_query.read(path, write_best(folder, chosen), grid, averages)
    return Experiment(grid, results, chosen_epochs(grid, chosen), read)


def means_file(grid: Grid) -> str:
    """Return what the file with the means is called that the paper shows."""
    return "over_seeds.csv" if grid.is_replicated else "metrics.csv"


def write_means(
    folder: Path,
    values: pd.DataFrame,
    chosen: Mapping[str, int],
    grid: Grid,
    averages: Mapping[str, Mapping[str, int]],
) -> None:
    """Write the means of every checkpoint and, of several seeds, those over them."""
    averaged = means(values, FAST, averages, grid.first_stages)
    averaged.to_csv(folder / "metrics.csv", index=False)
    if grid.is_replicated:
        together = over_seeds(values, chosen, FAST, averages, grid.first_stages)
        together.to_csv(folder / "over_seeds.csv", index=False)


def seeded_table(
    scores: Mapping[str, float], grid: Grid, layout: Layout = LAYOUT, **table: Any
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return made-up values, and the epochs chosen by the name of each seed's training.

    The first seed has the scores; those of the others are a little higher or lower.
    """
    dice, shifts = random.Random(str(scores)), random.Random(len(scores))
    tables, chosen = [], {}
    trained = {*grid.checkpoints()}
    for named, seed in seeds_by_name(grid.seeds).items():
        of_seed = {
            name: score + (shifts.uniform(-0.02, 0.02) if named and name in trained else 0)
            for name, score in scores.items()
        }
        epochs = {each.name: dice.choice(each.epochs) for each in grid.trainings()}
        values = per_query_table(of_seed, grid, layout, seed=seed, **table)
        values = at_best(values, layout, grid, epochs)
        if named:
            values = values[values["seed"].notna()]
            values = values.assign(system=values["system"].map(partial(_with_seed, named)))
        tables.append(values)
        chosen |= {f"{training}{named}": epoch for training, epoch in epochs.items()}
    return pd.concat(tables, ignore_index=True), chosen


def _with_seed(named: str, checkpoint: str) -> str:
    training, _, end = checkpoint.rpartition("_")
    return f"{training}{named}_{end}"


def averages_of(layout: Layout) -> dict[str, dict[str, int]]:
    """Return the relevance threshold of each test set of each average."""
    return {
        name: {each: layout.test_sets[each].level for each in entry.test_sets}
        for name, entry in layout.averages.items()
    }


def at_best(
    values: pd.DataFrame, layout: Layout, grid: Grid, chosen: Mapping[str, int]
) -> pd.DataFrame:
    """Leave of each training its chosen epoch alone on the test sets that are to have no more."""
    named = {each.checkpoint(chosen[each.name]): each.checkpoint(BEST) for each in grid.trainings()}
    on = values["test_set"].isin(
        [n for n, each in layout.test_sets.items() if not each.every_epoch]
    )
    left_out = on & values["system"].isin({*grid.checkpoints()} - {*named})
    return values.assign(system=values["system"].mask(on, values["system"].replace(named)))[
        ~left_out
    ]


def means_in(folder: Path) -> pd.DataFrame:
    """Read the means that `experiment` wrote."""
    return pd.read_csv(
        folder / "metrics.csv", dtype=dict.fromkeys(("epoch", "level", "queries"), "Int64")
    )


def made_up_scores(seed: int, grid: Grid = GRID) -> dict[str, float]:
    """Return scores of every system; few distinct values, so that ties occur."""
    dice = random.Random(seed)
    levels = dice.choice([2, 4, 50])
    systems = [*labels_of(grid)]
    return {system: 0.3 + 0.01 * dice.randrange(levels) for system in systems}


SCENARIOS = {f"made up {seed}": made_up_scores(seed) for seed in range(18)}
RISING = {name: 0.5 + 0.01 * place for place, name in enumerate(GRID.checkpoints())}
SCENARIOS |= {
    "all above": RISING | {"bm25": 0.4},
    "all below": RISING | {"bm25": 0.9},
    "reversed": {name: 1 - score for name, score in RISING.items()} | {"bm25": 0.4},
    "all level": dict.fromkeys([*RISING, "bm25"], 0.5),
    "only the fifth digit differs": RISING | {"bm25": 0.670001},
}
