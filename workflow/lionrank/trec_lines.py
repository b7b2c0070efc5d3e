"""The lines of qrels and of run files, as trec_eval 10.0 reads them.

ASCII's white space separates columns, blank lines and those that begin with `#` are passed over,
and in a run file the rank may be any text and more may follow the tag (get_qrels.c,
get_trec_results.c).
"""

import math
import os
import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
import pyarrow as pa
from pyarrow import compute, csv

from lionrank.errors import UserError
from lionrank.files import lines_of, text_blocks

QRELS = "qid iteration docid grade"
RUN = "qid Q0 docid rank score tag"
"""The columns of the formats."""
COMMENT = "#"
split = re.compile(r"[^ \t\v\f\r]+").findall
"""The columns of a line, whatever is in it."""
_PLAIN = "".join(set(string.printable) - set("\t\v\f\r")).encode()
_TEXTS = ("qid", "Q0", "docid", "tag")
_SCHEMA = {
    **dict.fromkeys(RUN.split(), pa.string()),
    "rank": pa.int64(),
    "score": pa.float64(),
}


def columns(line: str) -> list[str]:
    """Return the columns of a line of qrels or of a run file, none of a blank one or a comment."""
    # str.split, which is faster, takes more characters for white space than trec_eval does.
    plain = line.isascii() and line.isprintable()
    found = line.split() if plain else split(line)
    return [] if found and found[0].startswith(COMMENT) else found


def unlike(path: str | os.PathLike, number: int, form: str, found: list[str]) -> UserError:
    """Return the error for a line that has other columns than those of a format."""
    return UserError(
        f"{path}:{number}: expected {len(form.split())} columns ({form}), found {len(found)}: "
        f"{' '.join(found)[:80]!r}"
    )


@dataclass(frozen=True)
class Lines:
    """Neighbouring lines of a run file that are of one topic.

    `numbers` [lines], int64, count from 1; `ranks` [lines], float64, are NaN where they are no
    integers; `scores` [lines] are float64. `tag` is that of the last line.
    """

    qid: str
    numbers: np.ndarray
    docids: list[str]
    ranks: np.ndarray
    scores: np.ndarray
    tag: str


def joined(parts: list[Lines]) -> Lines:
    """Return lines of one topic as one, in their order."""
    if len(parts) == 1:
        return parts[0]
    return Lines(
        parts[0].qid,
        np.concatenate([each.numbers for each in parts]),
        [docid for each in parts for docid in each.docids],
        np.concatenate([each.ranks for each in parts]),
        np.concatenate([each.scores for each in parts]),
        parts[-1].tag,
    )


def of_run_file(path: str | os.PathLike) -> Iterator[Lines]:
    """Yield the lines of a run file; those of a topic may come in several parts.

    Raises:
        UserError: a line of another form, or a score that is no finite number; names file and line.
    """
    for number, text in text_blocks(path):
        at_once = _at_once(number, text)
        yield from _one_by_one(path, number, text) if at_once is None else at_once


def _at_once(number: int, text: str) -> list[Lines] | None:
    """Return the lines of a block whose form is the usual one, None where one is not.

    That is printable ASCII, six columns with a space between them, integers as ranks.
    """
    block = text.encode()
    if block.translate(None, _PLAIN):
        return None
    try:
        table = csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(column_names=[*_SCHEMA], block_size=len(block) + 1, use_threads=False),
            csv.ParseOptions(delimiter=" ", quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=_SCHEMA, null_values=[]),
        )
    except pa.ArrowInvalid:
        return None
    scores = table["score"].to_numpy()
    topics = compute.run_end_encode(table["qid"].combine_chunks())
    qids = topics.values.to_pylist()
    if not np.isfinite(scores).all() or any(qid.startswith(COMMENT) for qid in qids):
        return None
    # Where more than one space separates two columns, or a line begins or ends with one.
    texts = [compute.min(compute.binary_length(table[name])).as_py() for name in _TEXTS]
    if 0 in texts:
        return None
    docids, ranks = table["docid"].to_pylist(), table["rank"].to_numpy().astype(np.float64)
    numbers, tags = np.arange(number, number + len(docids)), table["tag"]
    bounds = pairwise([0, *topics.run_ends.to_pylist()])
    return [
        Lines(
            qid,
            numbers[start:stop],
            docids[start:stop],
            ranks[start:stop],
            scores[start:stop],
            tags[stop - 1].as_py(),
        )
        for qid, (start, stop) in zip(qids, bounds, strict=True)
    ]


def _one_by_one(path: str | os.PathLike, number: int, text: str) -> Iterator[Lines]:
    for qid, rows in groupby(_parsed(path, enumerate(lines_of(text), number)), itemgetter(0)):
        _, numbers, docids, ranks, scores, tags = zip(*rows, strict=True)
        yield Lines(
            qid,
            np.array(numbers, np.int64),
            [*docids],
            np.array(ranks, np.float64),
            np.array(scores, np.float64),
            tags[-1],
        )


def _parsed(
    path: str | os.PathLike, lines: Iterable[tuple[int, str]]
) -> Iterator[tuple[str, int, str, float, float, str]]:
    """Yield (qid, number, docid, rank, score, tag) of numbered lines."""
    for number, line in lines:
        if not (found := columns(line)):
            continue
        try:
            qid, _, docid, rank, score, tag = found[:6]
        except ValueError:
            raise unlike(path, number, RUN, found) from None
        yield qid, number, docid, _rank(rank), _score(score, f"{path}:{number}"), tag


def _rank(text: str) -> float:
    """Return a rank, NaN where it is no integer, or none that a double holds."""
    try:
        return float(int(text))
    except (ValueError, OverflowError):
        return math.nan


def _score(text: str, place: str) -> float:
    try:
        score = float(text)
    except ValueError:
        raise UserError(f"{place}: score {text[:40]!r} is not a number") from None
    # Python also reads 1_0, and the digits of other scripts.
    if "_" in text or not text.isascii():
        raise UserError(f"{place}: score {text[:40]!r} is not a number")
    if not -math.inf < score < math.inf:
        raise UserError(f"{place}: score {text[:40]!r} is not a finite number")
    return score
