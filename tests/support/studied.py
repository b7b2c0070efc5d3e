"""Experiments whose means are given, treatment by treatment, for the tests of claims of studies."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lionrank import parquet
from lionrank.claims import decide as claims
from lionrank.claims import file as claim_file
from lionrank.claims.evidence import Data, Ours, Published
from lionrank.claims.parts import Outcome
from lionrank.config.studies import read_studies
from lionrank.evaluation import per_query
from lionrank.evaluation.significance import Draws
from lionrank.files import write_json, write_json_lines
from lionrank.grid import Grid, seeds_by_name, training_name
from lionrank.measures import Measure
from lionrank.published.study import CLAIMS, FOLDER
from lionrank.training import development

ROOT = Path(__file__).parents[2]
DRAWS = Draws(permutations=4000, resamples=400, confidence=0.95, seed=3)
TOPICS = 40
PASSAGES = 6400
Means = Mapping[str, Mapping[str, float]]
"""By test set, and then by training."""
SCORES = {
    Measure("dl19", "ndcg_cut_10"): {
        "minilm_bce": 0.5,
        "bert_bce": 0.625,
        "bert_infonce": 0.75,
        "bert_ranknet": 0.75,
    },
    Measure("robust04", "ndcg_cut_10"): {
        "minilm_bce": 0.25,
        "bert_bce": 0.5,
        "bert_infonce": 0.25,
        "bert_ranknet": 0.125,
    },
}
"""Made-up values of the study of objectives, as one account has them."""


@cache
def published(name: str) -> Published:
    """Return the only account of the values of a study."""
    study = read_studies({"paper": {"studies": [name]}}, ROOT)[name]
    (found,) = Published.read(ROOT / FOLDER / name, study).values()
    return found


@cache
def claim(study: str, name: str) -> claim_file.Claim:
    claims_of_study = claim_file.read(ROOT / FOLDER / study / CLAIMS, published(study))
    return next(each for each in claims_of_study if each.id == name)


def on_paper(study: str, name: str) -> list[list[Outcome]]:
    """Return what the study's own values say of a claim, test by test and part by part."""
    return [test.published(published(study)) for test in claim(study, name).tests]


def counted(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Return how many parts hold, and how many do not or are not testable."""
    return dict(Counter(claims.ON_PAPER[each.verdict] for each in outcomes))


def measured(
    folder: Path,
    means: Means,
    noise: float = 1e-4,
    averages: Mapping[str, Mapping[str, int]] | None = None,
    others: Sequence[Means] = (),
    made: Mapping[str, Mapping[str, str]] | None = None,
    **also: Any,
) -> Ours:
    """Write the results of trainings with these means, of one epoch each, and return them.

    Topics differ the same way for all trainings, and with `noise` in another way for each. `others`
    are the means with other seeds. `made` says what treatments are made of, and `also` are other
    attributes of `Ours`.
    """
    trainings = list(dict.fromkeys(name for of_set in means.values() for name in of_set))
    models, treatments = (
        dict.fromkeys(names) for names in zip(*(name.split("_") for name in trainings), strict=True)
    )
    by_seed = dict(enumerate([means, *others], start=12))
    grid = Grid.build(
        {model: {"label": model, "start": "pretrained"} for model in models},
        {name: name for name in treatments},
        [1],
        recipes=made,
        seeds=by_seed,
    )
    tables = [
        _values(by_seed[seed], noise, seed, named) for named, seed in seeds_by_name(by_seed).items()
    ]
    table = folder / "results" / "per_query.parquet"
    parquet.write(table, pd.concat(tables).astype({"level": "Int64"}))
    best = [
        folder / "training" / f"{name}{named}.best.json"
        for named in seeds_by_name(by_seed)
        for name in trainings
    ]
    for path in best:
        write_json(path, {"epoch": 1, "epochs": [development.scores(1, None, {})]})
    logs = {}
    for name in (f"{each}{named}" for each in trainings for named in seeds_by_name(by_seed)):
        logs[name] = [str(folder / "training" / f"{name}_e1.jsonl")]
        lines = [{"step": step, "examples": PASSAGES // 2 * step} for step in (1, 2)]
        write_json_lines(Path(logs[name][0]), lines)
    levels = dict.fromkeys(means, 1) | dict.fromkeys(averages or {})
    read = per_query.read(table, best, grid, averages)
    return Ours(read, grid, levels, {}, logs, {}, **also)


def _values(means: Means, noise: float, seed: int, named: str) -> pd.DataFrame:
    dice = np.random.default_rng(1)
    rows = []
    for test_set, of_set in means.items():
        common = dice.normal(scale=0.05, size=TOPICS)
        for training, mean in of_set.items():
            own = dice.normal(scale=noise, size=TOPICS)
            values = mean + (common - common.mean()) + (own - own.mean())
            model, optimizer = training.split("_")
            labels = {
                "test_set": test_set,
                "system": f"{training}{named}_e1",
                "model": model,
                "optimizer": optimizer,
                "epoch": 1,
                "seed": seed,
                "protocol": "as_written",
                "metric": "ndcg_cut_10",
                "level": None,
            }
            rows += [labels | {"qid": f"q{n}", "value": value} for n, value in enumerate(values)]
    return pd.DataFrame(rows)


def decide(study: str, name: str, ours: Ours) -> dict[str, Any]:
    """Return the verdict on a claim of a study, by our results."""
    one = claim(study, name)
    (found,) = claims.decide([one], {"only": published(study)}, ours, DRAWS)["claims"]
    return found["ours"] | {"tests": [test["ours"] for test in found["tests"]]}


def trainings(models: Sequence[str], treatments: Mapping[str, float]) -> dict[str, float]:
    """Return the same means by treatment for each of the models."""
    return {
        training_name(model, treatment): mean
        for model in models
        for treatment, mean in treatments.items()
    }


def learning(**data: str) -> dict[str, Data]:
    """Return what treatments learn from, by the name of their data."""
    return {treatment: Data(name, f"sha256 of {name}") for treatment, name in data.items()}
