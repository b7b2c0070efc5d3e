"""What teachers say of training topics: run files, whose scores objectives learn from."""

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from lionrank import parquet, trec
from lionrank.collections import rankings
from lionrank.errors import UserError
from lionrank.trec import Qrels

Ranked = Iterator[tuple[str, Mapping[str, float]]]
"""qid, and docid -> score, of each topic."""


def of_candidates(path: str | os.PathLike, scores: Iterable[float]) -> Ranked:
    """Yield the topics of a Parquet file of candidates, whose rows have these scores in order."""
    rows = (
        (qid, docid)
        for some in parquet.batches(path, parquet.of_candidates("qid", "docid"))
        for qid, docid in zip(*(column.to_pylist() for column in some.columns), strict=True)
    )
    scored = zip(rows, scores, strict=True)
    for qid, own in groupby(scored, key=lambda row: row[0][0]):
        yield qid, {docid: score for (_, docid), score in own}


def write(path: str | os.PathLike, rankings: Ranked, teacher: str) -> None:
    """Write a teacher's scores as a run file, and say how many there are and what they span.

    They are float32, and where they tie they stay so: of two passages with one score, the teacher
    says of none that it is the better one, and neither do the losses.

    Raises:
        UserError: there is one score for all, or one is not finite; nothing is written.
    """
    counts = _Counts()
    trec.write_rankings(path, counts.of(rankings, teacher), teacher)
    print(counts.told(teacher))


class _Counts:
    def __init__(self) -> None:
        self.topics = self.passages = self.flat = self.tied = 0
        self.lowest, self.highest = float("inf"), float("-inf")

    def of(self, rankings: Ranked, teacher: str) -> Ranked:
        """Yield what is counted, and refuse it at the end if there is one score in all."""
        for qid, ranking in rankings:
            scores = {*ranking.values()}
            self.topics += 1
            self.passages += len(ranking)
            self.tied += len(ranking) - len(scores)
            self.flat += len(scores) == 1 < len(ranking)
            self.lowest = min(self.lowest, *scores)
            self.highest = max(self.highest, *scores)
            yield qid, ranking
        if not self.lowest < self.highest:
            raise UserError(
                f"teachers: {teacher!r} gives {self.passages:,} passages of {self.topics:,} topics "
                f"one score, {self.highest:g}, from which nothing can be learnt: take another."
            )

    def told(self, teacher: str) -> str:
        """Say in one line what was counted."""
        told = (
            f"{teacher}: {self.passages:,} scores of {self.topics:,} topics, from "
            f"{self.lowest:.6g} to {self.highest:.6g}"
        )
        if self.tied:
            told += f"; {self.tied:,} are those of another passage of the topic as well"
        if self.flat:
            told += f"; {self.flat:,} topics have one score for all passages"
        return told


def of_run_file(path: str | os.PathLike, qrels: Qrels, remove_query: bool = False) -> Ranked:
    """Yield the judged topics of a run file, and say in the end what it lacks and has besides.

    With `remove_query`, a passage with the topic's id is the query itself, and left out.

    Raises:
        UserError: a line is damaged, or no judged topic is in it.
    """
    left, others, unscored, removed = {*qrels}, 0, 0, 0
    for qid, ranking in rankings.read(path):
        if qid not in left:
            others += 1
            continue
        if remove_query:
            removed += trec.remove_queries({qid: ranking})
        if not ranking:
            continue
        left.discard(qid)
        unscored += sum(grade > 0 and docid not in ranking for docid, grade in qrels[qid].items())
        yield qid, ranking
    trec.check_shared(
        dict.fromkeys({*qrels} - left), os.fspath(path), qrels, "the judged training topics"
    )
    trec.say_removed(os.fspath(path), removed)
    for number, what in (
        (len(left), f"of {len(qrels):,} judged training topics are not in it"),
        (unscored, "relevant passages of the topics in it have no score"),
        (others, "topics in it are no judged training topics, and left out"),
    ):
        if number:
            print(f"{path}: {number:,} {what}")
