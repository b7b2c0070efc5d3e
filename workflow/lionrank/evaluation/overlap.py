"""Development queries that are topics of test sets as well, which are found by their text.

A sample of a collection may give the same query another id, or write it in another case.
"""

import os
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from lionrank import trec
from lionrank.errors import UserError
from lionrank.files import read_json
from lionrank.trec import Qrels, Topics


class _WithoutPunctuation(dict[int, str]):
    """A table for `str.translate` that grows by the characters that it is asked for."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = " " if unicodedata.category(character).startswith("P") else character
        return self[code]


_SPACED = _WithoutPunctuation()


def normalised(query: str) -> str:
    """Return what two queries have in common that are the same.

    That is Unicode's NFKC with cases folded, and a space for each run of punctuation and white
    space; a query of nothing else keeps it.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", query).casefold())
    return " ".join(folded.translate(_SPACED).split()) or folded


def judged_topics(topics: str | os.PathLike, qrels: str | os.PathLike) -> Topics:
    """Return the topics that are evaluated.

    Raises:
        UserError: a file is damaged.
    """
    judged = trec.read_qrels(qrels)
    return {qid: query for qid, query in trec.read_topics(topics).items() if qid in judged}


def find(
    test_sets: Mapping[str, Topics], dev_sets: Mapping[str, Topics]
) -> dict[str, dict[str, Any]]:
    """Return by test set the number of its `topics`, and by qid those `shared` with dev sets.

    Of each of these it has the qid there, the first one where a dev set has a query twice.
    """
    known: dict[str, dict[str, str]] = {}
    for name, topics in dev_sets.items():
        for qid, query in topics.items():
            known.setdefault(normalised(query), {}).setdefault(name, qid)
    found = {}
    for name, topics in test_sets.items():
        texts = {qid: normalised(query) for qid, query in topics.items()}
        shared = {qid: known[text] for qid, text in texts.items() if text in known}
        found[name] = {"topics": len(topics), "shared": shared}
    return found


def evaluated(qrels: Qrels, overlap: Iterable[str | os.PathLike], test_set: str) -> Qrels:
    """Return the judgements of the topics that a test set is evaluated on, and say what is not.

    Those that are development queries are left out by `overlap`, results/overlap.json or nothing.

    Raises:
        UserError: none is left.
    """
    for path in overlap:
        shared = read_json(path)[test_set]["shared"]
        left = {qid: judged for qid, judged in qrels.items() if qid not in shared}
        if not left:
            raise UserError(
                f"{path}: all topics of {test_set} are development queries: take other dev sets, "
                "or set evaluation.drop_development_queries to false."
            )
        if dropped := len(qrels) - len(left):
            print(f"{test_set}: {dropped:,} of {len(qrels):,} topics are development queries")
        qrels = left
    return qrels
