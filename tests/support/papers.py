"""The paper that is written of made-up results, and what it is rendered from besides."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lionrank.evaluation.comparisons import of_family, on_primary
from lionrank.evaluation.ladders import Ladder
from lionrank.grid import Grid, Training
from lionrank.paper.asked import find_asked
from lionrank.paper.depths import Depths, read_depths
from lionrank.paper.facts import make_facts
from lionrank.paper.findings import Findings, find
from lionrank.paper.published_tests import published_tests
from lionrank.paper.render import render
from lionrank.paper.results import Layout
from lionrank.paper.standing import stand
from lionrank.paper.studies import StudyFacts
from lionrank.paper.tables.tabular import Table
from lionrank.published.agreement import Agreements
from lionrank.published.scores import read_scores
from lionrank.published.systems import read_systems
from lionrank.training.log import Logged
from tests.support.configs import SOURCES
from tests.support.deepened import write_depths
from tests.support.logs_and_costs import efficiency_of, logged_of
from tests.support.published_as_measured import LION, STUDY
from tests.support.published_topics import compared_as_published
from tests.support.results import LABELS_OF_CONTRASTS, Experiment
from tests.support.workflow import rule_origins

ROOT = Path(__file__).parents[2]
PAPER = ROOT / "paper"
ACCOUNTS = read_scores(LION / "table.csv", STUDY)
TABLE1 = ACCOUNTS["printed"]
TABLE2 = read_systems(LION / "systems.csv")
NOTE = "Demonstration."
REMOTE = "https://example.org/lion_rerank"
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
    "answered_late": {"tokens": 512, "share": {"train": 0.421, "dev": 0.4, "test": 0.356}},
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
CLAIMS = {
    "stand_ins": {"dl19": "pydocs"},
    "scorings": {},
    "not_trained_here": {},
    "searched": {},
    "claims": [
        {
            "id": f"c{place}",
            "text": "",
            "published": {
                "printed": {"verdict": printed, "counterexamples": ["MAP: 0.5 for A; 0.6 for B"]},
                "files": {"verdict": files, "counterexamples": ["MAP: 0.5 for A; 0.6 for B"]},
            },
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
OBJECTIVES = {
    "bce": "BCE",
    "hinge": "Hinge",
    "infonce": "InfoNCE",
    "marginmse": "MarginMSE",
    "ranknet": "RankNet",
    "adrmse": "ADR-MSE",
    "mse": "MSE",
    "lambdaloss": "LambdaLoss",
}
LOSSES = {"marginmse": "margin_mse", "adrmse": "adr_mse"}
"""The losses of objectives that have another name."""
BY_BM25 = {
    "use": "test",
    "test_set": "pydocs",
    "name": "bm25",
    "label": "BM25",
    "kind": "bm25",
    "source": None,
    "depth": 50,
}
"""A test set and its first stage, as `lionrank.config.plan_of_first_stages` has it."""
HOW = {
    "bm25": {},
    "dense": {"kind": "bi_encoder", "source": "package:a_b/model"},
    "sparse": {"kind": "run_files", "depth": 20},
}
"""What kinds first stages are of, by name, where they are not as BM25."""


def printed_first_stages(grid: Grid, layout: Layout) -> list[dict[str, Any]]:
    """Return what the paper says of the first stages of the test sets of a layout."""
    return [
        BY_BM25
        | {"test_set": entry.label, "name": first.name, "label": first.label}
        | HOW[first.name]
        for name, entry in layout.test_sets.items()
        if not entry.test_sets and (first := grid.first_stage(name)) is not None
    ]


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
"""How data were chosen, as `lionrank.config.training_data.learnt_from` has it."""


def settings_of(grid: Grid) -> dict[str, dict]:
    """Return the settings of the trainings of a grid; they stop early where some had."""
    return {
        training.name: SETTINGS
        | {"start": training.model.start, "optimizer": OPTIMIZERS[_optimizer(training)]}
        | {"loss": _loss(training.treatment.objective or "bce")}
        | {"early_stopping": 1 if grid.last else None}
        for training in grid.trainings()
    }


def _loss(objective: str) -> str:
    return LOSSES.get(objective, objective)


def _optimizer(training: Training) -> str:
    return training.treatment.optimizer or training.treatment.name


def findings_of(made: Experiment, logged: Mapping[str, Logged] | None = None) -> Findings:
    logged = logged_of(made.grid) if logged is None else logged
    return find(made.results, made.grid, made.chosen, made.compared, logged)


def depths_of(made: Experiment, seed: int = 0, others: int = 0) -> list[Depths]:
    """Return made-up scores by depth on the first test set, and on so many others if there are."""
    if not made.grid.trainings() and all(each.kind == "run file" for each in made.grid.systems):
        return []
    primary = made.results.layout.primary.test_set
    ranked = [name for name in made.grid.first_stages if name != primary]
    test_sets = [primary, *ranked[:others]]
    path = Path(made.per_query.replicates[0].path).with_name("depths.csv")
    chosen = made.per_query.replicates[0].chosen
    write_depths(path, made.grid, chosen, test_sets, seed=seed)
    return read_depths(path, made.grid)


def changes_of(made: Experiment) -> dict[str, Any]:
    """Return what the prose takes of changes.json, without topics and passages."""
    primary = made.results.layout.primary.test_set
    of_optimizers = of_family(made.compared, "optimizers")
    contrasts = on_primary(of_optimizers, primary)
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
        "contrasts": {"ladders": {}, "contrasts": {}},
        "scorings": {},
        "scorings_of_dev_sets": {},
        "dev_sets": ["pydocs dev"],
        "dropped": False,
        "collection": "pydocs",
        "training": {"format": "pydocs"},
        "selection": {
            "summary_characters": [20, 160],
            "body_characters": [150, 450],
            "document_characters": None,
        },
        "backbones": {
            model.name: ({"pretrained": "package:a_b/c"} if model.is_pretrained else tiny)
            | {"cited": SOURCES[model.name].cited if model.name in SOURCES else ""}
            for model in grid.models
        },
        "retrieval": {"k1": 0.9, "b": 0.4},
        "first_stages": [BY_BM25],
        "objectives": OBJECTIVES,
        "figures": sized_figures(grid),
        "ladders": [],
        "learnt_from": {name: LEARNT_FROM.get(name, LISTS) for name in grid.data},
        "pairs": {
            "triplets": 1600,
            "held_out": {"pairs": 0, "by": "query", "seed": 12},
            "random_negatives": 0.5,
            "hardest_rank": 1,
            "negative_depth": 20,
        },
    }


FIGURES_OF_SEARCHES = ("budget", "search")


def sized_figures(grid: Grid, ladders: Sequence[Ladder] = ()) -> list[str]:
    """Return which figures the paper of a grid has against sizes and of treatments."""
    checkpoints = [each for each in grid.systems if each.kind == "checkpoint"]
    return [
        *(["sizes"] if ladders or len(checkpoints) > 1 else []),
        *(["gains"] if ladders else []),
        *(["treatments"] if grid.has_lessons else []),
    ]


def facts_of(
    made: Experiment,
    logged: Mapping[str, Logged] | None = None,
    note: str | None = NOTE,
    published: Mapping[str, Any] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    provenance: Mapping[str, Any] = PROVENANCE,
    claims: Mapping[str, Any] = CLAIMS,
    studies: Sequence[StudyFacts] | None = None,
    **changes,
) -> dict:
    """Return what the paper is rendered from; `changes` replace arguments of `make_facts`.

    `published` has the tests of the study's values of topics; left out, they are of what it
    published. `studies` are that study alone, if nothing else is said.
    """
    others = {
        "asked": list(find_asked(made.compared, made.grid, LABELS_OF_CONTRASTS)),
        "changes": changes_of(made),
        "by_depth": depths_of(made),
        "ways": [],
        "scorings": [],
        "winning": [],
        "efficiency": efficiency_of(made.grid),
        "statistics": STATISTICS,
        "smoothing": 0.1,
        "replication": None,
        "search": None,
        "overlap": [],
        **params_of(made.grid, note),
        **changes,
    }
    if others["search"] is not None:
        others["figures"] = [*others["figures"], *FIGURES_OF_SEARCHES]
    findings = findings_of(made, logged)
    return make_facts(
        findings,
        settings or settings_of(made.grid),
        provenance,
        made.compared,
        [lion(findings, claims, published)] if studies is None else studies,
        **others,
    )


def lion(
    findings: Findings,
    claims: Mapping[str, Any] = CLAIMS,
    published: Mapping[str, Any] | None = None,
) -> StudyFacts:
    """Return what the paper says of the study of Lion and AdamW, beside findings."""
    return StudyFacts(
        study=STUDY,
        claims=claims,
        values=ACCOUNTS,
        compared={"models": [], "measures": [], "apart": []},
        agreements=Agreements.of(ACCOUNTS, STUDY),
        tests=published_tests(published or compared_as_published(), TABLE1, STUDY),
        standing=stand(TABLE1, TABLE2, STUDY, findings),
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


def relation(left: float, right: float) -> str:
    """Return the word for how two printed values stand to each other."""
    return "level with" if left == right else "above" if left > right else "below"
