"""Training examples, a topic and some passages each, from judgements and rankings."""

import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice
from math import ceil
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from lionrank import trec
from lionrank.collections.corpus import IDS
from lionrank.errors import UserError
from lionrank.files import atomic_write
from lionrank.trec import Qrels

SHARE = 2
"""How many times its even share of the examples a topic gives at most."""

USED, UNRANKED = "used", "in no ranking"
IRRELEVANT, TOO_FEW = "without a relevant passage", "without enough that are not relevant"
UNSCORED = "without a relevant passage in the ranking"
# Rows that are written at once.
ROWS = 65_536

Passage = tuple[str, float | None, float | None]
"""docid, label and score."""


@dataclass(frozen=True)
class Drawing:
    """How examples are drawn; ranks count from 1."""

    examples: int
    """At most."""
    passages: int
    """Of an example: a relevant one first, the others not relevant; with `threshold` null the first
    ones of a ranking."""
    threshold: int | None
    """The lowest grade of a relevant passage; those of the highest grade are taken first."""
    ranks: tuple[int, int]
    """Between which passages that are not relevant are drawn."""
    negatives: Literal["unjudged", "judged", "any"]
    """Whether those are not judged at all, judged not relevant, or either."""
    random_negatives: float
    """Share of them that is drawn from the relevant passages of other topics instead."""
    margin: float | None
    """By which a ranking has to score a relevant passage above those that are not, so that what it
    takes for relevant is left out; null asks nothing."""
    seed: int
    scored: bool = False
    """Whether relevant passages that the ranking lacks are left out, as those of a teacher are."""
    remove_query: bool = False
    """Whether a passage with the topic's id is the query itself, and no example has it."""


@dataclass(frozen=True)
class Drawn:
    """What was drawn: passages by topic, in the order of the rounds, and counts."""

    examples: Sequence[tuple[str, Sequence[Passage]]]
    counts: Mapping[str, int]
    """`topics` with judgements, of which `USED` gave examples and others none, by the reason;
    `removed_queries`, passages of rankings that are the query itself; `examples`; `passages`, of
    which `distinct` ones, and those `judged` for their topic."""

    def summary(self, asked: int) -> str:
        """Say in one line how many examples there are, and why no more."""
        counts = self.counts
        lacking = [
            f"{counts[reason]} are {reason}"
            for reason in (UNRANKED, IRRELEVANT, UNSCORED, TOO_FEW)
            if counts.get(reason)
        ]
        told = (
            f"{counts['examples']} examples of {counts.get(USED, 0)} topics, and {asked} asked for"
        )
        if lacking:
            told += f": of {counts['topics']} judged topics {', '.join(lacking)}"
        if removed := counts["removed_queries"]:
            told += f"; {removed} passages of the ranking are the query itself, and left out"
        return told


def relevant_documents(paths: Iterable[str | os.PathLike]) -> set[str]:
    """Return the documents that are relevant to any topic of some qrels.

    Raises:
        UserError: as `trec.read_qrels`.
    """
    return {
        docid
        for path in paths
        for judged in trec.read_qrels(path).values()
        for docid, grade in judged.items()
        if grade > 0
    }


def draw(
    qrels: Qrels,
    rankings: Iterable[tuple[str, dict[str, float]]],
    drawing: Drawing,
    excluded: Set[str] = frozenset(),
) -> Drawn:
    """Draw examples: one of every topic, then a second one of every topic, and so on.

    Args:
        qrels: of the training topics.
        rankings: of each of them, qid and docid -> score, by falling score; others are passed over.
        drawing: the settings.
        excluded: documents that no example has.

    Raises:
        UserError: there are fewer than half as many as asked for; says why.
    """
    relevant = {
        qid: _relevant(judged, drawing.threshold, excluded) for qid, judged in qrels.items()
    }
    pool = {each for own in relevant.values() for each in own}
    queries = pool & qrels.keys() if drawing.remove_query else frozenset[str]()
    source = _Source(drawing, excluded, sorted(pool), queries)
    givers = sum(map(bool, relevant.values())) if drawing.threshold is not None else len(qrels)
    most = SHARE * ceil(drawing.examples / max(1, givers))
    counts = Counter({"topics": len(qrels), "removed_queries": 0})
    rounds: list[tuple[float, str, list[Passage]]] = []
    for qid, ranking in _of_all(qrels, rankings, drawing.random_negatives == 1):
        draws = random.Random(f"{drawing.seed} {qid}")
        # Topics are in an order that is not that of their ids, and the same in whatever is drawn
        # with a seed, so that data from several rankings are of the same topics.
        turn = draws.random()
        if drawing.remove_query and ranking:
            counts["removed_queries"] += trec.remove_queries({qid: ranking})
        own = [*islice(source.of_topic(qid, qrels[qid], relevant[qid], ranking, draws), most)]
        counts[_reason(own, ranking, relevant[qid], drawing)] += 1
        rounds += [(place + turn, qid, own[place]) for place in range(len(own))]
        if len(rounds) > 2 * drawing.examples:
            rounds = nsmallest(drawing.examples, rounds)
    rounds.sort()
    examples = [(qid, passages) for _, qid, passages in rounds[: drawing.examples]]
    drawn = Drawn(examples, counts | _count(examples, qrels))
    if 2 * len(examples) < drawing.examples:
        raise UserError(
            f"{drawn.summary(drawing.examples)}: ask for fewer, or draw from more ranks."
        )
    return drawn


def _relevant(judged: Mapping[str, int], threshold: int | None, excluded: Set[str]) -> list[str]:
    """Return the relevant documents of a topic, those of the highest grade first."""
    if threshold is None:
        return []
    found = [each for each, grade in judged.items() if grade >= threshold and each not in excluded]
    return sorted(found, key=lambda docid: -judged[docid])


def _of_all(
    qrels: Qrels, rankings: Iterable[tuple[str, dict[str, float]]], unranked: bool
) -> Iterator[tuple[str, dict[str, float] | None]]:
    """Yield the ranking of each topic, None where it has none; `unranked` ones need none."""
    left = dict.fromkeys(qrels)
    for qid, ranking in rankings:
        if qid in left:
            del left[qid]
            yield qid, ranking
    yield from ((qid, {} if unranked else None) for qid in left)


def _reason(
    own: Sequence, ranking: Mapping[str, float] | None, relevant: Sequence[str], drawing: Drawing
) -> str:
    """Return what a topic is counted as."""
    if own:
        return USED
    if ranking is None:
        return UNRANKED
    if drawing.scored and relevant and not any(docid in ranking for docid in relevant):
        return UNSCORED
    return TOO_FEW if relevant or drawing.threshold is None else IRRELEVANT


@dataclass(frozen=True)
class _Source:
    """What the examples of a topic are drawn from."""

    drawing: Drawing
    excluded: Set[str]
    pool: Sequence[str]
    """The relevant passages of all topics."""
    queries: Set[str]
    """Those of them that are left out of the examples of the topic whose id they have."""

    def of_topic(
        self,
        qid: str,
        judged: Mapping[str, int],
        relevant: Sequence[str],
        ranking: Mapping[str, float] | None,
        draws: random.Random,
    ) -> Iterator[list[Passage]]:
        """Yield the examples of a topic, each with other passages that are not relevant."""
        if ranking is None:
            return
        if self.drawing.threshold is None:
            yield from self._as_ranked(judged, ranking)
            return
        if self.drawing.scored:
            relevant = [docid for docid in relevant if docid in ranking]
        own = {qid} & self.queries
        for docids in _in_turn(
            [self._of_one(each, own, judged, ranking, draws) for each in relevant]
        ):
            yield [
                (docid, float(max(judged.get(docid, 0), 0)), ranking.get(docid)) for docid in docids
            ]

    def _as_ranked(
        self, judged: Mapping[str, int], ranking: Mapping[str, float]
    ) -> Iterator[list[Passage]]:
        kept = [docid for docid in ranking if docid not in self.excluded]
        if len(kept) >= self.drawing.passages:
            yield [
                (docid, float(max(judged.get(docid, 0), 0)), ranking[docid])
                for docid in kept[: self.drawing.passages]
            ]

    def _of_one(
        self,
        relevant: str,
        queries: Set[str],
        judged: Mapping[str, int],
        ranking: Mapping[str, float],
        draws: random.Random,
    ) -> Iterator[list[str]]:
        """Yield the examples of one relevant passage, which share no other passage."""
        first, last = self.drawing.ranks
        ranked = [
            docid
            for docid, score in islice(ranking.items(), first - 1, last)
            if self._is_negative(docid, judged) and self._is_below(score, ranking.get(relevant))
        ]
        draws.shuffle(ranked)
        seen = {relevant, *queries}
        while True:
            example = [relevant]
            for _ in range(self.drawing.passages - 1):
                if draws.random() < self.drawing.random_negatives:
                    docid = self._at_random(judged, seen, draws)
                else:
                    docid = ranked.pop() if ranked else None
                if docid is None:
                    return
                example.append(docid)
                seen.add(docid)
            yield example

    def _is_negative(self, docid: str, judged: Mapping[str, int]) -> bool:
        if docid in self.excluded:
            return False
        if docid not in judged or judged[docid] < 0:
            return self.drawing.negatives != "judged"
        threshold = self.drawing.threshold or 0
        return self.drawing.negatives != "unjudged" and judged[docid] < threshold

    def _is_below(self, score: float, relevant: float | None) -> bool:
        if self.drawing.margin is None:
            return True
        return relevant is not None and score <= relevant - self.drawing.margin

    def _at_random(
        self, judged: Mapping[str, int], seen: Set[str], draws: random.Random
    ) -> str | None:
        """Return a passage that is relevant to other topics and not judged for this one."""
        for docid in draws.sample(self.pool, min(len(self.pool), len(judged) + len(seen) + 1)):
            if docid not in judged and docid not in seen:
                return docid
        return None


def _in_turn(sources: Sequence[Iterator[list[str]]]) -> Iterator[list[str]]:
    """Yield one of each source, then a second one of each, until all have ended."""
    left = [*sources]
    while left:
        going = []
        for source in left:
            if (example := next(source, None)) is not None:
                yield example
                going.append(source)
        left = going


def _count(examples: Sequence[tuple[str, Sequence[Passage]]], qrels: Qrels) -> dict[str, int]:
    docids = [(qid, docid) for qid, passages in examples for docid, *_ in passages]
    return {
        "examples": len(examples),
        "passages": len(docids),
        "distinct": len({docid for _, docid in docids}),
        "judged": sum(docid in qrels[qid] for qid, docid in docids),
    }


def write_ids(path: str | os.PathLike, examples: Iterable[tuple[str, Sequence[Passage]]]) -> None:
    """Write examples without their text, as Parquet with the columns of `IDS`."""
    rows = (
        (number, qid, *passage)
        for number, (qid, passages) in enumerate(examples)
        for passage in passages
    )
    with (
        atomic_write(path, "wb") as handle,
        pq.ParquetWriter(handle, IDS, compression="zstd") as writer,
    ):
        while chunk := [*islice(rows, ROWS)]:
            columns = zip(*chunk, strict=True)
            writer.write_table(pa.table([*map(list, columns)], IDS))
