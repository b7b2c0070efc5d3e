"""Training data with their text: triplets as labelled pairs, examples as lists of passages."""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lionrank import trec
from lionrank.collections.corpus import (
    add_texts,
    in_order,
    open_database,
    read_examples,
    read_triplets,
)
from lionrank.errors import UserError
from lionrank.files import atomic_write
from lionrank.wording import listed

PAIRS = pa.schema(
    [(name, pa.string()) for name in ("query_id", "passage_id", "query", "passage")]
    + [("label", pa.float64())]
)
ORDER = "the triplets' order, each positive directly before its negative"


EXAMPLES = pa.schema(
    {
        "query_id": pa.string(),
        "passage_ids": pa.list_(pa.string()),
        "query": pa.string(),
        "passages": pa.list_(pa.string()),
        "labels": pa.list_(pa.float64()),
        "scores": pa.list_(pa.float64()),
    }
)
"""Of lists of passages; `labels` and `scores` only where each passage has one."""


def join_pairs(
    triplets: Path, topics: Path, corpus: Path, *, remove_query: bool = False, **how: Any
) -> None:
    """Join triplets with their texts, and hold out some of the pairs for the evaluation loss.

    Writes `data` and `held_out_data`, Parquet files with the columns of `PAIRS` in the order that
    `ORDER` says, and `record`, JSON that counts rows and queries and gives split and contents. All
    three files are written, or none. The bytes hang on the inputs and the seed, not on `threads`.

    By query, queries are held out whole, in a seeded random order, as long as they fit into
    `held_out` pairs. By pair, `held_out` pairs are drawn, as it was published: queries are then on
    both sides. Without a seed one is drawn from the operating system, and recorded.

    Args:
        triplets: Parquet file with the columns `TRIPLET`.
        topics: `qid<TAB>text`.
        corpus: folder of a corpus.
        remove_query: whether a passage with the id of its query is the query itself, and its
            triplet left out.
        how: as in `_join`.

    Raises:
        UserError: an input is damaged, lacks what a triplet names, or leaves too few pairs.
    """

    def read(database: duckdb.DuckDBPyConnection) -> Form:
        read_triplets(database, triplets)
        removed = _remove_queries(database) if remove_query else 0
        trec.say_removed(str(triplets), removed)
        facts = {"order": ORDER, "removed_queries": removed}
        return Form(PAIRS, _pairs, facts, "training_pairs.held_out", "pairs", "rows")

    _join(read, triplets, topics, corpus, **how)


def join_examples(
    ids: Path, topics: Path, corpus: Path, *, needs_relevant: Sequence[str] = (), **how: Any
) -> None:
    """Join examples with their texts, and hold out some, as `join_pairs` does with triplets.

    The files have the columns of `EXAMPLES`, a row an example, in the order of `ids`. Where a
    passage has no score, there are none, and where none has a label, there are no labels; `record`
    counts passages instead of rows, and says in which range the scores lie, and how many examples
    were skipped.

    Args:
        ids: Parquet file with the columns `lionrank.collections.corpus.IDS`.
        topics: `qid<TAB>text`.
        corpus: folder of a corpus.
        needs_relevant: objectives that cannot learn from an example without a relevant passage, or
            without another one: where there are any, such examples are skipped.
        how: as in `_join`; `held_out` counts passages.

    Raises:
        UserError: as `join_pairs`, some passages have a label and others have none, or more than
            half of the examples would be skipped.
    """

    def read(database: duckdb.DuckDBPyConnection) -> Form:
        read_examples(database, ids)
        ((passages, unlabelled, unscored, low, high),) = database.execute(
            "SELECT count(*), count(*) FILTER (label IS NULL), count(*) FILTER (score IS NULL), "
            "min(score), max(score) FROM asked"
        ).fetchall()
        schema, skipped = EXAMPLES, 0
        if unlabelled:
            if unlabelled < passages:
                raise UserError(
                    f"{ids}: {unlabelled} of {passages} passages have no label: make it again."
                )
            if needs_relevant:
                raise UserError(
                    f"{ids}: no passage has a label, and {listed(needs_relevant)} learn from "
                    "relevant passages: take other data for them, or an objective that learns from "
                    "scores."
                )
            schema = schema.remove(schema.get_field_index("labels"))
        elif needs_relevant:
            skipped = _skip_one_sided(database, ids, needs_relevant)
        if unscored:
            print(f"{unscored} passages have no score, so that the examples have none")
            schema = schema.remove(schema.get_field_index("scores"))
        scores = None if unscored else {"lowest": low, "highest": high}
        setting = f"training_data.{Path(how['data']).stem}.held_out"
        facts = {"scores": scores, "skipped": skipped}
        return Form(schema, _lists, facts, setting, "passages", "passages")

    _join(read, ids, topics, corpus, **how)


def _remove_queries(database: duckdb.DuckDBPyConnection) -> int:
    """Take triplets with a passage that is the query itself out of `asked`; count such passages."""
    triplets = "SELECT number // 2 FROM asked WHERE docid = qid"
    ((removed,),) = database.execute(f"SELECT count(*) FROM ({triplets})").fetchall()
    database.execute(f"DELETE FROM asked WHERE number // 2 IN ({triplets})")
    return int(removed)


def _skip_one_sided(
    database: duckdb.DuckDBPyConnection, ids: Path, objectives: Sequence[str]
) -> int:
    """Take examples without a relevant passage or without another one out of `asked`, and count."""
    database.execute(
        "CREATE TEMP TABLE one_sided AS SELECT example FROM asked GROUP BY example "
        "HAVING max(label) <= 0 OR min(label) > 0"
    )
    ((skipped, total),) = database.execute(
        "SELECT (SELECT count(*) FROM one_sided), (SELECT count(DISTINCT example) FROM asked)"
    ).fetchall()
    if 2 * skipped > total:
        raise UserError(
            f"{ids}: {skipped} of {total} examples have no relevant passage, or no other one, and "
            f"{listed(objectives)} learn from both: take other data for them."
        )
    database.execute("DELETE FROM asked WHERE example IN (SELECT example FROM one_sided)")
    return int(skipped)


@dataclass(frozen=True)
class Form:
    """How training data are written."""

    schema: pa.Schema
    tables: Callable[[Iterator[pa.Table]], Iterator[pa.Table]]
    """Makes tables, with the columns of `schema` at least, of tables with a row a passage."""
    facts: Mapping[str, Any]
    """For the record."""
    setting: str
    """That says what is held out, for messages."""
    unit: Literal["pairs", "passages"]
    """What `setting` counts."""
    counted: Literal["rows", "passages"]
    """What the record calls them."""


def _join(
    read: Callable[[duckdb.DuckDBPyConnection], Form],
    ids: Path,
    topics: Path,
    corpus: Path,
    *,
    held_out: int,
    held_out_by: Literal["query", "pair", "example"],
    seed: int | None,
    data: Path,
    held_out_data: Path,
    record: Path,
    threads: int,
) -> None:
    """Join what `read` puts into the table `asked` (number, example, qid, docid, label, score)."""
    seed = secrets.randbits(32) if seed is None else seed
    with open_database(data, threads) as database:
        form = read(database)
        _split(database, held_out, held_out_by, seed, form)
        add_texts(database, topics, corpus, asked_by=ids)
        # Each is opened when the one before is written, so that an error names the right file.
        with atomic_write(data, "wb") as train:
            content = {"train": _write(database, "ANTI", form, train, data)}
            with atomic_write(held_out_data, "wb") as evaluation:
                content["held_out"] = _write(database, "SEMI", form, evaluation, data)
                with atomic_write(record) as recorded:
                    description = _counts(database, form.counted) | {
                        **form.facts,
                        "split": {"by": held_out_by, form.unit: held_out, "seed": seed},
                        "sha256": content,
                    }
                    json.dump(description, recorded, indent=2, sort_keys=True)
                    recorded.write("\n")
                    # What a full disk refuses must be refused before one of them is renamed.
                    for handle in (train, evaluation, recorded):
                        handle.flush()
                        os.fsync(handle.fileno())


def _split(database: duckdb.DuckDBPyConnection, most: int, by: str, seed: int, form: Form) -> None:
    """Make the table `held_out` (example) of the examples of `asked` that are held out.

    The random order is that of a hash, which no library's next version changes.
    """
    key = f"{form.setting}.{form.unit}"
    total = database.execute("SELECT count(*) FROM asked").fetchall()[0][0]
    if most >= total:
        raise UserError(
            f"{key}: {most} held out of {total} {form.unit} leave none to train on; lower it."
        )
    if by != "query":
        database.execute(
            "CREATE TABLE held_out AS SELECT example FROM ("
            f"SELECT example, sum(size) OVER (ORDER BY sha256('{seed} ' || example)) AS held "
            "FROM (SELECT example, count(*) AS size FROM asked GROUP BY example)) "
            f"WHERE held <= {most}"
        )
        ((number,),) = database.execute("SELECT count(*) FROM held_out").fetchall()
        if most and not number:
            raise UserError(
                f"{key}: an example has more than {most} passages; raise it, or set it to 0."
            )
        return
    queries = database.sql(
        f"SELECT qid, count(*) AS size FROM asked GROUP BY qid ORDER BY sha256('{seed} ' || qid)"
    ).to_arrow_table()
    chosen = _fitting(queries["size"].to_pylist(), most)
    if most and not chosen:
        raise UserError(
            f"{key}: every query has more than {most} {form.unit}; raise it, or set it to 0."
        )
    database.register("chosen", queries.take(pa.array(chosen, pa.int64())))
    database.execute(
        "CREATE TABLE held_out AS SELECT DISTINCT example FROM asked SEMI JOIN chosen USING (qid)"
    )
    database.unregister("chosen")


def _fitting(sizes: list[int], capacity: int) -> list[int]:
    """Return the positions of the sizes that, taken in order where they fit, fill the capacity."""
    chosen = []
    for position, size in enumerate(sizes):
        if not capacity:
            break
        if size <= capacity:
            chosen.append(position)
            capacity -= size
    return chosen


def _write(
    database: duckdb.DuckDBPyConnection, side: str, form: Form, handle: IO, output: Path
) -> str:
    """Write the data on one side of the split, and return the SHA-256 of their content.

    The content is the rows as JSON arrays, one a line, so that it can be compared across writers.
    """
    rows = database.sql(
        "SELECT number, example, qid AS query_id, docid AS passage_id, query, passage, label, score"
        " FROM passages JOIN ("
        "SELECT row_number() OVER (ORDER BY number) - 1 AS number, example, qid, docid, label, "
        f"score FROM asked {side} JOIN held_out USING (example)"
        ") USING (docid) JOIN topics USING (qid)"
    )
    content = hashlib.sha256()
    with pq.ParquetWriter(handle, form.schema, compression="zstd") as writer:
        for table in form.tables(in_order(rows, output)):
            own = table.select(form.schema.names)
            for row in zip(*(column.to_pylist() for column in own.columns), strict=True):
                content.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            writer.write_table(own.cast(form.schema))
    return content.hexdigest()


def _pairs(passages: Iterator[pa.Table]) -> Iterator[pa.Table]:
    return passages


def _lists(passages: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables of whole examples; a table of passages may end within one."""
    begun: list[dict[str, Any]] = []
    for table in passages:
        rows = [*begun, *table.to_pylist()]
        *whole, begun = [[*own] for _, own in groupby(rows, key=itemgetter("example"))]
        yield _as_lists(whole)
    if begun:
        yield _as_lists([begun])


def _as_lists(examples: Iterable[list[dict[str, Any]]]) -> pa.Table:
    several = {"passage_ids": "passage_id", "passages": "passage"}
    several |= {"labels": "label", "scores": "score"}
    rows = [
        {name: own[0][name] for name in ("query_id", "query")}
        | {name: [each[one] for each in own] for name, one in several.items()}
        for own in examples
    ]
    return pa.Table.from_pylist(rows, EXAMPLES)


def _counts(database: duckdb.DuckDBPyConnection, counted: str) -> dict[str, dict[str, int]]:
    """Count the passages of both sides of the split, their queries, and the queries on both."""
    counts: dict[str, dict[str, int]] = {counted: {}, "queries": {}}
    for name, side in (("train", "ANTI"), ("held_out", "SEMI")):
        ((counts[counted][name], counts["queries"][name]),) = database.execute(
            f"SELECT count(*), count(DISTINCT qid) FROM asked {side} JOIN held_out USING (example)"
        ).fetchall()
    apart = sum(counts["queries"].values())
    ((together,),) = database.execute("SELECT count(DISTINCT qid) FROM asked").fetchall()
    counts["queries"]["shared"] = apart - together
    return counts
