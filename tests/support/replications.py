"""Made-up published checkpoints: their run files, and published tables in which they have rows."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lionrank import trec
from lionrank.measures import Measure
from lionrank.replication.replicate import RerankedSet, replicate
from lionrank.replication.variants import AS_SCORED, VARIANTS, means
from lionrank.trec import Qrels, Run
from tests.support.published_as_measured import STUDY

MEASURES = STUDY.measures
ROWS = [f"gte_{optimizer}_e{epoch}" for optimizer in ("adamw", "lion") for epoch in (1, 2, 3)]
OTHERS = [f"minilm_{optimizer}_e{epoch}" for optimizer in ("adamw", "lion") for epoch in (1, 2, 3)]
DEPTH = 50
SYSTEM = "theirs"
ENTRY = {
    "label": "GTE, theirs",
    "model": "gte",
    "optimizer": "lion",
    "epoch": 2,
    "precision": "bf16",
    "other_precision": "fp32",
}


@dataclass(frozen=True)
class MadeUp:
    """Judgements, first stage, and the logits of a checkpoint, by the published test set.

    `other` are those of the other precision.
    """

    qrels: Mapping[str, Qrels]
    first_stage: Mapping[str, Run]
    runs: Mapping[str, Run]
    other: Mapping[str, Run]

    def values(self, variant: str = AS_SCORED) -> dict[Measure, float]:
        """Return what the checkpoint reaches, by the means of the variant."""
        found = {}
        for measure in MEASURES:
            name = measure.test_set
            run = VARIANTS[variant].ranked(self.runs[name], self.first_stage.get(name))
            (found[measure],) = means(VARIANTS[variant], run, self.qrels[name], [measure.metric])
        return found

    def write(self, folder: Path, system: str = SYSTEM) -> dict[tuple[str, str], tuple[Path, Path]]:
        """Write the run files, and return them by system and test set."""
        passes = {}
        for name in self.runs:
            paths = folder / f"{system}.{name}.trec", folder / f"{system}.{name}.fp32.trec"
            for path, run in zip(paths, (self.runs[name], self.other[name]), strict=True):
                trec.write_run(path, run, system)
            passes[system, name] = paths
        return passes

    def test_sets(self) -> list[RerankedSet]:
        return [
            RerankedSet(name, self.qrels[name], self.first_stage.get(name)) for name in self.qrels
        ]


def made_up(seed: int = 0, topics: int = 20) -> MadeUp:
    """Draw a checkpoint that ranks what is relevant a little higher."""
    dice = random.Random(seed)
    documents = [f"d{place:03}" for place in range(60)]
    qrels: dict[str, Qrels] = {}
    first_stage, runs, other = {}, {}, {}
    for name in STUDY.test_sets:
        graded = name == "dl19"
        qrels[name] = {
            f"q{place:02}": {
                docid: dice.randrange(4 if graded else 2) for docid in dice.sample(documents, 12)
            }
            for place in range(topics)
        }
        first_stage[name] = {
            qid: dict(zip(dice.sample(documents, DEPTH), range(DEPTH, 0, -1), strict=True))
            for qid in qrels[name]
        }
        runs[name] = {
            qid: {
                docid: judged.get(docid, 0) + dice.gauss(5, 2) for docid in first_stage[name][qid]
            }
            for qid, judged in qrels[name].items()
        }
        # Far more than rounding does.
        other[name] = {
            qid: {docid: score + dice.gauss(0, 1) for docid, score in ranking.items()}
            for qid, ranking in runs[name].items()
        }
    # Candidates that come with the data are no ranking.
    del first_stage["marco_qa_dev"]
    return MadeUp(qrels, first_stage, runs, other)


def tables(rows: Mapping[str, Mapping[str, Mapping[Measure, float]]]) -> dict[str, Any]:
    """Return published tables of all rows; `rows` are the values of some, by table and name.

    Every other row is far from what any checkpoint reaches.
    """
    return {
        table: {
            measure: {
                name: round(rows.get(table, {}).get(name, {}).get(measure, 0.99), 4)
                for name in [*OTHERS, *ROWS]
            }
            for measure in MEASURES
        }
        for table in STUDY.accounts
    }


def moved(values: Mapping[Measure, float], by: float) -> dict[Measure, float]:
    return {measure: value + by for measure, value in values.items()}


def replicated(
    folder: Path,
    published: Mapping[str, Any],
    made: MadeUp,
    entry: Mapping[str, Any] = ENTRY,
    depth: int = DEPTH,
) -> dict[str, Any]:
    """Return the content of results/replication.json of one checkpoint."""
    return replicate({SYSTEM: entry}, made.write(folder), made.test_sets(), published, STUDY, depth)
