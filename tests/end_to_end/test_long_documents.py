"""Documents that are longer than a model was trained for, scored in every way, by shards."""

import random
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lionrank import trec
from lionrank.config.scorings import Division
from lionrank.files import atomic_write, write_json_lines
from lionrank.jobs import records
from tests.support import tiny_training as tiny
from tests.support.running import Finished, jobs, run_snakemake

pytestmark = pytest.mark.slow

OVERLAY = """
collections: {{long: {{format: beir, folder: {folder}/beir}}}}
first_stages: {{given: {{label: Given, run_files: {{{run_files}}}}}}}
scorings:
  first_p: {{label: FirstP, aggregation: first_p, window: 48, stride: {stride}}}
  max_p: {{label: MaxP, aggregation: max_p, window: 48, stride: {stride}}}
  mean_p: {{label: MeanP, aggregation: {mean}, window: 48, stride: {stride}}}
  top_k: {{label: The best, aggregation: top_k, k: {k}, window: 48, stride: {stride}}}
  full: {{label: Full text, aggregation: full, max_length: null}}
test_sets:
  own: &long {{label: Own, collection: long, topics: test, first_stage: given}}
  first: {{<<: *long, label: First, scoring: first_p}}
  best: {{<<: *long, label: Best, scoring: max_p}}
  mean: {{<<: *long, label: Mean, scoring: mean_p}}
  top: {{<<: *long, label: Top, scoring: top_k}}
  whole: {{<<: *long, label: Whole, scoring: full}}
grid: {{models: [], systems: [theirs], test_sets: [first, best, mean, top, whole, own]}}
systems: {{theirs: {{label: Theirs, checkpoint: {folder}/theirs, max_length: 64, precision: fp32}}}}
reranking: {{shards: 2}}
"""
SETS = {"first": "", "best": "best/", "mean": "mean/", "top": "top/", "whole": "whole/"}
SETS |= {"own": "own/"}
"""Folders of results/."""
WINDOWS = "reranking/windows/long/test.given/w48s24/theirs.parquet"
WORDS = ["lion", "zebra", "night", "the", "eats", "sleeps", "where", "grass", "water", "12", "é"]
TOPICS = {"1": "where does the lion sleep", "Q.2é": "zebra at night", "q3": "lion " * 40}
DOCUMENTS = {"short": 5, "d-é": 20, "d.100": 100, "d600": 600, "d1300": 1300, "d47": 47}
"""Their words, each of which is a token or two."""


class Experiment:
    """One in which nothing is trained, and a checkpoint of 64 tokens scores documents of 1,300."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.directory = folder, folder / "run"
        tiny.write_start(folder / "theirs", "modernbert", max_length=64)
        draw = random.Random(7).choices
        documents = [
            {"_id": docid, "title": "", "text": " ".join(draw(WORDS, k=words))}
            for docid, words in DOCUMENTS.items()
        ]
        write_json_lines(folder / "beir" / "corpus.jsonl", documents)
        topics = [{"_id": qid, "text": text} for qid, text in TOPICS.items()]
        write_json_lines(folder / "beir" / "queries.jsonl", topics)
        with atomic_write(folder / "beir" / "qrels" / "test.tsv") as qrels:
            qrels.write("query-id\tcorpus-id\tscore\n")
            qrels.writelines(f"{qid}\td600\t2\n{qid}\tshort\t1\n" for qid in TOPICS)
        first = {docid: float(-rank) for rank, docid in enumerate(DOCUMENTS)}
        trec.write_run(folder / "given.trec", dict.fromkeys(TOPICS, first), "given")

    def run(self, *arguments: str, stride: int = 24, k: int = 2, mean: str = "mean_p") -> Finished:
        run_files = ", ".join(f"{name}: {self.folder}/given.trec" for name in SETS)
        overlay = OVERLAY.format(
            folder=self.folder,
            run_files=run_files,
            stride=stride,
            k=k,
            mean=mean,
        )
        targets = [f"results/{folder}theirs.trec" for folder in SETS.values()]
        told = run_snakemake(self.directory, *arguments, *targets, overlay=overlay)
        assert told.returncode == 0, told.stdout[-4000:]
        return told

    def planned(self, **changes: int | str) -> dict[str, int]:
        return jobs(self.run("-n", **changes).stdout)

    def scores(self, test_set: str) -> dict[tuple[str, str], float]:
        run, tag = trec.read_run(self.directory / f"results/{SETS[test_set]}theirs.trec")
        assert tag == "theirs"
        return {(qid, docid): score for qid, own in run.items() for docid, score in own.items()}

    def counted(self, test_set: str) -> dict[str, int]:
        record = records.read(f"results/{SETS[test_set]}theirs.trec", self.directory)
        return record["counted"]

    def aggregated(self, of: Callable[[np.ndarray], float]) -> dict[tuple[str, str], float]:
        """Return a score by the logits of each document's windows, in their order."""
        windows = pd.read_parquet(self.directory / WINDOWS).groupby(["qid", "docid"])["logit"]
        return {pair: of(logits.to_numpy()) for pair, logits in windows}


@pytest.fixture(scope="module")
def experiment(tmp_path_factory) -> Experiment:
    made = Experiment(tmp_path_factory.mktemp("long"))
    made.run("--cores", "2")
    return made


def test_windows_are_scored_once_for_all_sets_by_two_shards(experiment):
    found = (experiment.directory / "reranking").rglob("*.parquet")
    assert [str(each.relative_to(experiment.directory)) for each in found] == [WINDOWS]
    assert len([*(experiment.directory / "logs" / "reranking").rglob("*w48s24*of-2.log")]) == 2
    table = pd.read_parquet(experiment.directory / WINDOWS)
    for pair, its in table.groupby(["qid", "docid"]):
        spans = [*zip(its["begin"], its["end"], strict=True)]
        assert spans == Division(48, 24).windows(its["document"].iloc[0]), pair
    candidates = pd.read_parquet(
        experiment.directory / "retrieval/long/test.given.candidates.parquet"
    )
    pairs = [key for key, _ in groupby(zip(table["qid"], table["docid"], strict=True))]
    assert pairs == [*zip(candidates["qid"], candidates["docid"], strict=True)]
    assert max(table["document"]) >= 1300


def test_a_run_file_has_what_its_scoring_makes_of_the_windows(experiment):
    for test_set, of in (
        ("first", lambda logits: logits[0]),
        ("best", max),
        ("mean", np.mean),
        ("top", lambda logits: np.mean(sorted(logits)[-2:])),
    ):
        assert experiment.scores(test_set) == pytest.approx(experiment.aggregated(of), abs=1e-5)


def test_what_fits_is_scored_alike_in_every_way_and_what_does_not_in_each_way_otherwise(
    experiment,
):
    scores = {test_set: experiment.scores(test_set) for test_set in SETS}
    for pair, score in scores["own"].items():
        found = [own[pair] for own in scores.values()]
        if pair == ("1", "short"):
            assert found == pytest.approx([score] * len(SETS), abs=1e-4)
        elif pair == ("1", "d1300"):
            assert len({round(each, 5) for each in found}) == len(SETS)


def test_what_was_read_is_counted_in_the_records(experiment):
    counted = {test_set: experiment.counted(test_set) for test_set in SETS}
    table = pd.read_parquet(experiment.directory / WINDOWS)
    pairs = len(TOPICS) * len(DOCUMENTS)
    assert {each["pairs"] for each in counted.values()} == {pairs}
    assert len({each["tokens"] for each in counted.values()}) == 1
    assert counted["best"] == counted["mean"] == counted["top"]
    assert counted["best"]["read"] == table["tokens"].sum()
    assert counted["first"]["read"] == table.query("window == 0")["tokens"].sum()
    for test_set in ("best", "whole"):
        assert (counted[test_set]["cut"], counted[test_set]["left_out"]) == (0, 0)
    assert counted["whole"]["read"] == counted["whole"]["tokens"]
    for test_set in ("first", "own"):
        lost = counted[test_set]["tokens"] - counted[test_set]["read"]
        assert counted[test_set]["left_out"] == lost > 0
    # A query of more tokens than half of the checkpoint's length.
    assert counted["own"]["cut_queries"] > counted["whole"]["cut_queries"] == 0


def test_a_new_aggregation_aggregates_again_and_a_new_stride_scores_again(experiment):
    assert experiment.planned() == {}
    assert experiment.planned(k=3) == {"aggregate": 1}
    assert experiment.planned(mean="max_p") == {"aggregate": 1}
    again = {"score_windows_shard": 2, "join_windows": 1, "aggregate": 4}
    assert experiment.planned(stride=48) == again
    before = (experiment.directory / WINDOWS).stat().st_mtime_ns
    experiment.run("--cores", "2", k=3)
    assert (experiment.directory / WINDOWS).stat().st_mtime_ns == before
    expected = experiment.aggregated(lambda logits: np.mean(sorted(logits)[-3:]))
    assert experiment.scores("top") == pytest.approx(expected, abs=1e-5)
