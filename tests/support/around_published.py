"""Results that lie around the published ones, on the paper's own columns."""

import random

from lionrank.measures import Measure
from lionrank.paper.results import Layout, Results, Score
from tests.support.papers import TABLE1 as PUBLISHED
from tests.support.results import GRID


def layout(level: int = 1, levels: tuple[int, ...] = (1, 2)) -> Layout:
    """Return the paper's columns, as config.yaml has them."""
    judged = {"level": level, "levels": levels}
    given = {"level": 1, "levels": [1]}
    return Layout.build(
        {
            "dl19": {"label": "TREC DL 2019", **judged},
            "dl20": {"label": "TREC DL 2020", **judged},
            "marco_qa_dev": {"label": "MS MARCO QA v1.1 validation", **given},
        },
        [
            {"test_set": "dl19", "metrics": ["ndcg_cut_10", "map", "recall_10", "Rprec", "P_10"]},
            {"test_set": "marco_qa_dev", "metrics": ["recip_rank_10"]},
        ],
    )


def measured(shift: float, half: float = 0.02, shown: Layout | None = None) -> Results:
    """Return results around the published ones, drawn with the standard deviation `shift`."""
    shown = shown or layout()
    dice = random.Random(5)
    scores: dict[Measure, dict[str, Score]] = {}
    for measure in shown.measures():
        first = [] if measure.test_set == "marco_qa_dev" else ["bm25"]
        scores[measure] = {}
        for system in [*first, *GRID.checkpoints()]:
            there = PUBLISHED.get(measure, {}).get(system, 0.5)
            mean = round(there + dice.gauss(0, shift), 4)
            bounds = (round(mean - half, 4), round(mean + half, 4))
            scores[measure][system] = Score(mean, *bounds)
    return Results(shown, scores, dict.fromkeys(shown.test_sets, 43))


CHOSEN = {training.name: 2 for training in GRID.trainings()}
