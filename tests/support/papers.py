"""A made-up experiment and the paper that is written of it, for the tests of tables and text.

Only the per-query values are made up: means, tests and findings are computed of them by the code
that the workflow runs.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lionrank.evaluation import comparisons
from lionrank.evaluation.per_query import COLUMNS, PerQuery, Replicate, means
from lionrank.evaluation.significance import Draws
from lionrank.grid import FIRST_STAGE, Grid, Training
from lionrank.measures import GRADED, METRICS, PRIMARY
from lionrank.paper.facts import make_facts
from lionrank.paper.findings import Findings, find
from lionrank.paper.published_tests import published_tests
from lionrank.paper.render import render
from lionrank.paper.results import Layout, Results, read_results
from lionrank.paper.standing import stand
from lionrank.paper.tables.tabular import Table
from lionrank.published.agreement import Agreements
from lionrank.published.scores import AS_PRINTED, read_both, read_table2
from lionrank.training.log import Logged
from tests.support.logs_and_costs import efficiency_of, logged_of
from tests.support.published_topics import compared_as_published
from tests.support.workflow import rule_origins

ROOT = Path(__file__).parents[2]
PAPER = ROOT / "paper"
ACCOUNTS = read_both(
    *(PAPER / "published" / name for name in ("table1_lion_vs_adamw.csv", "authors_trec_eval.csv"))
)
TABLE1 = ACCOUNTS[AS_PRINTED]
TABLE2 = read_table2(PAPER / "published" / "table2_dl19_systems.csv")
NOTE = "Demonstration."
REMOTE = "https://example.org/lion_rerank"
RANDOM = "random start"
GRID = Grid.build(
    models={
        "minilm": {"label": "MiniLM", "start": "pretrained"},
        "gte": {"label": "GTE", "start": RANDOM},
        "modernbert": {"label": "ModernBERT", "start": RANDOM},
    },
    optimizers={"adamw": "AdamW", "lion": "Lion"},
    epochs=(1, 2, 3),
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
NOTHING_TRAINED = Grid.build({}, {}, (), systems=OTHERS)

LEARNING = Grid.build(
    models={
        "minilm": {"label": "MiniLM", "start": "pretrained"},
        "gte": {"label": "GTE", "start": RANDOM},
    },
    optimizers={
        "adamw": "AdamW",
        "lion": "Lion",
        "bcelists": "BCE on lists",
        "infonce": "InfoNCE",
        "ranknet": "taught RankNet",
        "infoncelion": "InfoNCE by Lion",
    },
    epochs=(1, 2, 3),
    recipes={
        name: dict(zip(("optimizer", "objective", "data"), each, strict=True))
        for name, each in {
            "adamw": ("adamw", "bce", "pairs"),
            "lion": ("lion", "bce", "pairs"),
            "bcelists": ("adamw", "bce", "bm25lists"),
            "infonce": ("adamw", "infonce", "bm25lists"),
            "ranknet": ("adamw", "ranknet", "bi_lists"),
            "infoncelion": ("lion", "infonce", "bm25lists"),
        }.items()
    },
)
"""A grid whose trainings differ in what they learn."""

SETTINGS = {
    "start": "pretrained",
    "learning_rate": 2e-5,
    "weight_decay": 0.01,
    "decay_biases_and_norms": True,
    "betas": [0.9, 0.99],
    "schedule": "linear",
    "schedule_steps": None,
    "warmup": 0.1,
    "restarts": None,
    "max_grad_norm": 1.0,
    "global_batch_size": 32,
    "epochs": 3,
    "early_stopping": None,
    "max_length": 128,
    "precision": "bf16",
    "seed": 12,
    "loss": "bce",
}
STATISTICS = {
    "documents": 15873,
    "packages": [
        {"name": "numpy", "version": "1", "documents": 2000},
        {"name": "sqlalchemy_x", "version": "1", "documents": 3000},
    ],
    "topics": {"train": 4000, "dev": 200, "test": 500},
    "judgements": {
        "train": {"1": 210, "2": 4100},
        "dev": {"1": 14, "2": 203},
        "test": {"1": 31, "2": 508},
    },
    "lengths": {"query_words_mean": 9.71, "passage_words_median": 88},
}
PROVENANCE = {
    "git": {
        "commit": "0123456789abcdef" * 2,
        "dirty": True,
        "time": 1_700_000_000,
        "remote": REMOTE,
    },
    "rules": rule_origins(),
    "changed_settings": [{"key": "retrieval.depth", "default": 1000, "here": 50}],
    "config_sha256": "fedcba9876543210" * 4,
    "python": "3.11.2",
    "packages": {"torch": "2.13.0", "snakemake": "9.27.1"},
    "environment": {"torch": "2.13.0", "snakemake": "9.27.1", "numpy": "2.4.6"},
    "hardware": {"cpu": "A & B", "cores": 2, "memory_bytes": 8 * 2**30, "gpus": []},
    "stages": {"training": {"jobs": 18, "seconds": 200.4, "peak_bytes": 2 * 2**30}},
    "sources": {},
    "catalogued": {},
    "data": {
        "pairs": {"rows": {"train": 3200, "held_out": 0}},
        "bm25lists": {"passages": {"train": 4000, "held_out": 96}},
        "bi_lists": {"passages": {"train": 4800, "held_out": 0}},
    },
    "run_files": {"results/bm25.trec": "0" * 64, "results/x.trec": "1" * 64},
}


FAST = Draws(permutations=400, resamples=100)
FAMILIES = (
    *("optimizers", "optimizers_by_epoch", "objectives", "data"),
    *("models", "first_stage", "systems"),
)
TEST_SETS = {
    "pydocs": {"label": "pydocs", "level": 1, "levels": [1, 2], "first_stage": True},
    "given": {"label": "Given", "level": 1, "levels": [1], "first_stage": False},
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
CLAIMS = {
    "stand_ins": {"dl19": "pydocs"},
    "not_trained_here": {},
    "claims": [
        {
            "id": f"c{place}",
            "text": "",
            "printed": {"verdict": printed, "counterexamples": ["MAP: 0.5 for A; 0.6 for B"]},
            "files": {"verdict": files, "counterexamples": ["MAP: 0.5 for A; 0.6 for B"]},
            "ours": {"verdict": here},
            "tests": [{"kind": "best", "metrics": ["map"]}],
        }
        for place, (printed, files, here) in enumerate(
            [
                ("holds", "holds", "replicated"),
                ("holds", "does not hold", "inconclusive"),
                ("does not hold", "holds", "inconclusive"),
                ("does not hold", "does not hold", "contradicted"),
                ("not testable", "not testable", "not testable"),
            ],
            start=1,
        )
    ],
}


@dataclass
class Experiment:
    """Results with the values they are of, and the epochs chosen on development data."""

    grid: Grid
    results: Results
    chosen: Mapping[str, int]
    per_query: PerQuery

    @cached_property
    def compared(self) -> dict[str, Any]:
        """What comparisons.json has: nDCG@10 and MRR@10 where they are shown."""
        measures = [
            column
            for column in self.results.layout.columns
            if column.metric in (GRADED, "recip_rank_10")
        ]
        return comparisons.compare_systems(self.per_query, self.grid, measures, FAMILIES, FAST)


OPTIMIZERS = {
    "adamw": {
        "class": "torch.optim.AdamW",
        "arguments": {"betas": [0.9, 0.999], "eps": 1e-8, "fused": True},
    },
    "lion": {
        "class": "lionrank.training.optimizers.ForeachLion",
        "arguments": {"betas": [0.9, 0.99]},
    },
    "sgd": {"class": "torch.optim.SGD", "arguments": {}},
}


OBJECTIVES = {"bce": "BCE", "infonce": "InfoNCE", "ranknet": "RankNet"}
LISTS = {
    "collection": "pydocs",
    "ranking": "BM25",
    "threshold": 1,
    "negatives": "any",
    "ranks": [1, 100],
    "random_negatives": 0.25,
}
LEARNT_FROM = {
    "pairs": LISTS | {"negatives": "unjudged"},
    "bm25lists": LISTS,
    "bi_lists": dict.fromkeys(LISTS) | {"collection": "pydocs", "ranking": "All-MiniLM & L6"},
    "ensemble": dict.fromkeys(LISTS) | {"collection": "pydocs"},
}
"""How data were chosen, as `lionrank.config.experiment.learnt_from` has it."""


def settings_of(grid: Grid) -> dict[str, dict]:
    """Return the settings of the trainings of a grid; they stop early where some had."""
    return {
        training.name: SETTINGS
        | {"start": training.model.start, "optimizer": OPTIMIZERS[_optimizer(training)]}
        | {"loss": training.treatment.objective or "bce"}
        | {"early_stopping": 1 if grid.last else None}
        for training in grid.trainings()
    }


def _optimizer(training: Training) -> str:
    return training.treatment.optimizer or training.treatment.name


def labels_of(grid: Grid, seed: int) -> dict[str, tuple]:
    """Return model, optimizer, epoch and seed of every system, as tidy tables have them."""
    trained = {
        training.checkpoint(epoch): (training.model.name, training.treatment.name, epoch, seed)
        for training in grid.trainings()
        for epoch in training.epochs
    }
    others = {each.name: (each.model, each.optimizer, each.epoch, None) for each in grid.systems}
    return {FIRST_STAGE: (None,) * 4, **trained, **others}


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
    names = labels_of(grid, seed)
    lacking = {each.name for each in grid.systems if each.kind == "run file"}
    qids = [f"q{place:02}" for place in range(queries)]
    factors = dict(zip(METRICS, (1, 0.9, 0.95, 0.8, 0.7, 0.1), strict=True))
    rows = []
    for measure in layout.measures():
        without = lacking if measure.test_set != layout.primary.test_set else set()
        systems = [name for name in scores if name != FIRST_STAGE and name not in without]
        values = [scores[name] for name in systems]
        if shuffled and measure.metric != PRIMARY:
            dice.shuffle(values)
        means = dict(zip(systems, values, strict=True))
        if layout.test_sets[measure.test_set].first_stage and FIRST_STAGE in scores:
            means[FIRST_STAGE] = scores[FIRST_STAGE]
        for system, mean in means.items():
            deviations = noise.normal(size=queries) * spread
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
                for pair in zip(qids, found, strict=True)
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
    """Write the values and means of an experiment into a folder.

    With several seeds, the first one's are written; the others differ in the values of each query.
    """
    folder.mkdir(exist_ok=True)
    dice = random.Random(str(scores))
    replicates = []
    for seed in seeds:
        path = folder / f"per_query.{seed}.parquet"
        values = per_query_table(scores, grid, layout, seed=seed, **table)
        values.to_parquet(path)
        if seed == seeds[0]:
            means(values, FAST).to_csv(folder / "metrics.csv", index=False)
        chosen = {each.name: dice.choice(each.epochs) for each in grid.trainings()}
        replicates.append(Replicate(path, chosen, [each.name for each in grid.systems]))
    results = read_results(folder / "metrics.csv", layout, grid)
    return Experiment(grid, results, replicates[0].chosen, PerQuery(replicates))


def findings_of(made: Experiment, logged: Mapping[str, Logged] | None = None) -> Findings:
    logged = logged_of(made.grid) if logged is None else logged
    return find(made.results, made.grid, made.chosen, made.compared, logged)


def changes_of(made: Experiment) -> dict[str, Any]:
    """Return what the prose takes of changes.json, without topics and passages."""
    contrasts = [
        each
        for each in made.compared["contrasts"]
        if each["family"] == "optimizers" and each["metric"] == PRIMARY
    ]
    return {"level": 1, "pairs": contrasts}


def params_of(grid: Grid, note: str | None = NOTE) -> dict[str, Any]:
    """Return what the paper takes of the config, as params of main_tex.py."""
    tiny = {"pretrained": None, "architecture": {"num_hidden_layers": 2, "hidden_size": 64}}
    return {
        "paper": {
            "title": "Lion & AdamW",
            "authors": [
                {"name": "Ada Löve", "affiliation": "R&D"},
                {"name": "Bo", "affiliation": "C"},
            ],
            "keywords": ["reranking"],
            "note": note,
            "beside_published": None,
        },
        "dev_sets": ["pydocs dev"],
        "collection": "pydocs",
        "training": {"format": "pydocs"},
        "selection": {"summary_characters": [20, 160], "body_characters": [150, 450]},
        "backbones": {
            model.name: {"pretrained": "package:a_b/c"} if model.is_pretrained else tiny
            for model in grid.models
        },
        "retrieval": {"k1": 0.9, "b": 0.4, "depth": 50},
        "objectives": OBJECTIVES,
        "learnt_from": {name: LEARNT_FROM.get(name, LISTS) for name in grid.data},
        "pairs": {
            "triplets": 1600,
            "held_out": {"pairs": 0, "by": "query", "seed": 12},
            "random_negatives": 0.5,
            "hardest_rank": 1,
            "negative_depth": 20,
        },
    }


def facts_of(
    made: Experiment,
    logged: Mapping[str, Logged] | None = None,
    note: str | None = NOTE,
    published: Mapping[str, Any] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    provenance: Mapping[str, Any] = PROVENANCE,
    **changes,
) -> dict:
    """Return what the paper is rendered from; `changes` replace arguments of `make_facts`.

    `published` is what published_comparisons.json has; left out, it is of the published values.
    """
    others = {
        "claims": CLAIMS,
        "changes": changes_of(made),
        "efficiency": efficiency_of(made.grid),
        "statistics": STATISTICS,
        "published_tests": published_tests(published or compared_as_published(), TABLE1),
        "agreements": Agreements.of(ACCOUNTS),
        "smoothing": 0.1,
        "replication": None,
        **params_of(made.grid, note),
    }
    findings = findings_of(made, logged)
    return make_facts(
        findings,
        settings or settings_of(made.grid),
        provenance,
        made.compared,
        stand(TABLE1, TABLE2, findings),
        **others | changes,
    )


def source_of(facts: dict) -> str:
    """Return the paper's LaTeX."""
    return render(PAPER, facts).text


def prose(facts: dict) -> str:
    """Render the paper and return it without comments, with single spaces."""
    lines = [line for line in source_of(facts).splitlines() if not line.startswith("%")]
    return " ".join(" ".join(lines).split())


def tex(name: str, table: Table) -> str:
    """Return the LaTeX of a table by its template in paper/tables/."""
    return table.latex(PAPER / "tables" / f"{name}.tex.j2").text


def rows_of(table: str, at_least: str = " 0.") -> list[list[str]]:
    """Return the cells of the lines of a table that have a score, or what else tells its rows."""
    return [
        [cell.strip() for cell in line.removesuffix(r"\\").split("&")]
        for line in table.splitlines()
        if at_least in line
    ]


def means_in(folder: Path) -> pd.DataFrame:
    """Read the means that `experiment` wrote."""
    return pd.read_csv(folder / "metrics.csv", dtype={"level": "Int64", "queries": "Int64"})


def made_up_scores(seed: int, grid: Grid = GRID) -> dict[str, float]:
    """Return scores of every system; few distinct values, so that ties occur."""
    dice = random.Random(seed)
    levels = dice.choice([2, 4, 50])
    systems = ["bm25", *grid.checkpoints(), *(each.name for each in grid.systems)]
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


def relation(left: float, right: float) -> str:
    """Return the word for how two printed values stand to each other."""
    return "level with" if left == right else "above" if left > right else "below"
