"""Corpora of any size, joined with their topics out of core.

A corpus is a folder of Anserini JSON lines (`*.jsonl` with `id` and `contents`) or of Parquet files
with those two columns. DuckDB reads it in passing: what does not fit into `MEMORY` goes to a
scratch folder beside the output, so that 8.8 million passages need no more memory than a few.
"""

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice, pairwise
from pathlib import Path
from typing import IO, Literal

import duckdb
import numpy as np
import pyarrow as pa

from lionrank import parquet
from lionrank.collections.readers.base import Document
from lionrank.errors import UserError
from lionrank.files import open_file, read_json_lines, scratch_folder, text_lines
from lionrank.trec import Qrels, Topics, check_id, read_topics

# Of DuckDB's own buffers. Python, Arrow and the batch being written come on top of it: a join of
# MS MARCO's size peaks below twice this.
MEMORY = "1GiB"
# Rows: 6 MiB of passages, and bounded memory for documents of a hundred times that length.
ROW_GROUP = 16_384
# Bytes of a line of JSON: DuckDB makes room for two such lines in each thread.
LONGEST = 16 << 20
TRIMMED = "".join(map(chr, range(0x21)))
"""What Java's String.trim takes away: Anserini does not index a document of nothing else."""
COLUMNS = ("id", "contents")
TRIPLET = pa.schema([(name, pa.string()) for name in ("query_id", "positive_id", "negative_id")])
"""Of every file of triplets, whoever drew them."""
IDS = pa.schema(
    {
        "example": pa.int64(),
        "qid": pa.string(),
        "docid": pa.string(),
        "label": pa.float64(),
        "score": pa.float64(),
    }
)
"""Of every file of examples without their text, whoever drew them: a row a passage, those of an
example together; `label` is its grade, 0 of what is not judged and null where nobody judged, and
`score` that of a ranking or a teacher, null of what has none."""


@contextmanager
def open_database(output: str | os.PathLike, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database that spills into a scratch folder beside `output`.

    Raises:
        UserError: the scratch folder or the memory does not suffice, or a file cannot be read.
    """
    output = Path(output)
    with scratch_folder(output) as scratch:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "threads": threads,
            "temp_directory": str(scratch),
            "autoinstall_known_extensions": False,
            # The right side of a join is then the one that is held in memory: never the texts.
            "disabled_optimizers": "join_order,build_side_probe_side",
        }
        try:
            with duckdb.connect(config=settings) as database:
                yield database
        except duckdb.OutOfMemoryException as error:
            raise UserError(
                f"{output} could not be made in {MEMORY}: {_first_line(error)}; use fewer threads, "
                f"or make room in {output.parent} for the scratch files."
            ) from error
        except duckdb.IOException as error:
            raise UserError(
                f"{output} could not be made: {_first_line(error)}; fix the named file, or make "
                f"room in {output.parent} for the scratch files."
            ) from error


def relation(corpus: str | os.PathLike) -> str:
    """Return the SQL source of a corpus folder: columns id and contents, both VARCHAR, never null.

    Raises:
        UserError: the folder holds no corpus, or Parquet files without these columns.
    """
    lines, tables = (sorted(Path(corpus).glob(f"*.{kind}")) for kind in ("jsonl", "parquet"))
    if bool(lines) == bool(tables):
        raise UserError(
            f"{corpus}: expected either *.jsonl or *.parquet files, found {len(lines)} and "
            f"{len(tables)}; a corpus is a folder of the one or the other."
        )
    for path in lines:
        open_file(path).close()  # DuckDB would wait for a pipe
    for path in tables:
        check_columns(path, COLUMNS)
    source = f"read_parquet({_literal(tables)})"
    if lines:
        columns = "{id: 'VARCHAR', contents: 'VARCHAR'}"
        source = (
            f"read_json({_literal(lines)}, format='newline_delimited', columns={columns}, "
            f"maximum_object_size={LONGEST})"
        )
    return f"(SELECT {', '.join(map(text, COLUMNS))} FROM {source})"


def text(column: str, name: str | None = None) -> str:
    """Return the SQL of a column as VARCHAR, which fails where it has no value."""
    return f"coalesce({column}::VARCHAR, error('no {column}')) AS {name or column}"


def check_columns(path: str | os.PathLike, columns: Iterable[str]) -> None:
    """Check that a Parquet file has columns of text or numbers.

    Raises:
        UserError: it is damaged, lacks one, or has one of bytes, lists or structures.
    """
    schema = parquet.schema(path, columns)
    for field in map(schema.field, columns):
        if pa.types.is_binary(field.type) or pa.types.is_nested(field.type):
            raise UserError(
                f"{path}: column {field.name!r} is of type {field.type}: write it as strings."
            )


def _literal(paths: Iterable[Path]) -> str:
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"


def _first_line(error: Exception) -> str:
    """Return what went wrong, without DuckDB's advice on options that are not the user's."""
    return str(error).splitlines()[0].rstrip(". ")


def too_long(text: str) -> str:
    """Return what is said of a document whose line of JSON is longer than `LONGEST`."""
    return (
        f"the document has {len(text):,} characters, and a line of JSON at most "
        f"{LONGEST >> 20} MiB: cut it, or leave it out (a cross-encoder reads hundreds of words)"
    )


@contextmanager
def readable_by_duckdb(path: str | os.PathLike) -> Iterator[None]:
    """Turn DuckDB's refusal of a damaged file into an error that names it.

    `path` is a Parquet file or a corpus folder, of which file and line are named.

    Raises:
        UserError: a Parquet file is damaged, or a line is no JSON object with id and contents.
    """
    try:
        yield
    except duckdb.Error as error:
        # The last is what damaged pages raise; memory and disk are told of by `open_database`.
        kinds = (duckdb.InvalidInputException, duckdb.DataError, duckdb.NotSupportedError)
        if not isinstance(error, kinds) and type(error) is not duckdb.Error:
            raise
        for lines in sorted(Path(path).glob("*.jsonl")):
            _check_lines(lines)
        raise UserError(f"{path} is damaged: {_first_line(error)}; make it again.") from error


def _check_lines(path: Path) -> None:
    for number, line in text_lines(path):
        if len(line.encode()) > LONGEST:
            raise UserError(f"{path}:{number}: {too_long(line)}")
    for number, record in enumerate(read_json_lines(path), start=1):
        for name in COLUMNS:
            if record.get(name) is None:
                raise UserError(f"{path}:{number}: the document has no {name!r}")


def count_documents(database: duckdb.DuckDBPyConnection, corpus: str | os.PathLike) -> int:
    """Return the number of documents, every one of which is read, and can be indexed.

    Raises:
        UserError: there is no document, or one is damaged, without text or too long, or has an id
            that can be no column of run files.
    """
    # Only a text that begins with such a character is looked through.
    blank = "CASE WHEN contents < '!' THEN trim(contents, $trimmed) = '' ELSE false END"
    ((number, unfit, first),) = database.execute(
        "SELECT count(), count() FILTER (unfit), min(id) FILTER (unfit) FROM ("
        f"SELECT id, {blank} OR id = '' OR regexp_matches(id, '[ \\t-\\r]') "
        f"OR strlen(contents) > {LONGEST} AS unfit "
        f"FROM {relation(corpus)})",
        {"trimmed": TRIMMED},
    ).fetchall()
    if unfit:
        refuse_unindexed(corpus)
        raise UserError(
            f"{corpus}: {unfit} documents, {first!r} first, have an id that is empty or holds "
            "white space, no text but white space and control characters, or more than "
            f"{LONGEST >> 20} MiB of it: rename, cut or remove them."
        )
    if not number:
        raise UserError(f"{corpus} holds no document; make the corpus again.")
    return number


def refuse_unindexed(corpus: str | os.PathLike) -> None:
    """Refuse the first line of a corpus of JSON lines that Lucene would not index or misread.

    Raises:
        UserError: there is one; names file and line.
    """
    for path in sorted(Path(corpus).glob("*.jsonl")):
        for number, record in enumerate(read_json_lines(path), start=1):
            place = f"{path}:{number}"
            for name in COLUMNS:
                if not isinstance(record[name], str | int | float):
                    raise UserError(f"{place}: {name!r} is neither text nor a number: make it text")
            check_id(str(record["id"]), "document", place)
            if not str(record["contents"]).strip(TRIMMED):
                raise UserError(
                    f"{place}: document {record['id']!r} has no text but white space and control "
                    "characters, which Lucene does not index: remove it"
                )


def held_documents(
    docids: Iterable[str], corpus: str | os.PathLike, output: str | os.PathLike, threads: int
) -> set[str]:
    """Return those of some documents that a corpus holds; `output` is the file that is being made.

    Raises:
        UserError: the corpus is damaged.
    """
    with open_database(output, threads) as database, readable_by_duckdb(corpus):
        asked = pa.table([pa.array(sorted(docids), pa.string())], ["docid"])
        database.register("asked", asked)
        rows = database.execute(
            f"SELECT id FROM {relation(corpus)} WHERE id IN (SELECT docid FROM asked)"
        ).fetchall()
    return {docid for (docid,) in rows}


def keep_documents(
    qrels: Qrels, corpus: str | os.PathLike, output: str | os.PathLike, threads: int
) -> Qrels:
    """Return the judgements of documents that the corpus holds; how many it lacks is printed.

    Test collections judge documents that are not in them, or have no text. `output` is the file
    that is being made.

    Raises:
        UserError: the corpus is damaged.
    """
    judged = {docid for grades in qrels.values() for docid in grades}
    held = held_documents(judged, corpus, output, threads)
    if len(held) < len(judged):
        print(f"{len(judged) - len(held)} judged documents are not in the corpus: left out")
    return {
        qid: {docid: grade for docid, grade in grades.items() if docid in held}
        for qid, grades in qrels.items()
    }


def read_triplets(database: duckdb.DuckDBPyConnection, triplets: str | os.PathLike) -> None:
    """Make the table `asked` of a triplets' Parquet file, with the columns of `read_examples`.

    A triplet gives two rows, its positive (label 1) directly before its negative (label 0); number
    counts the rows from 0 in the file's order. Each is an example, and none has a score.

    Raises:
        UserError: the file has other columns or no row.
    """
    query, positive, negative = TRIPLET.names
    check_columns(triplets, TRIPLET.names)
    source = f"read_parquet({_literal([Path(triplets)])}, file_row_number=true)"
    with readable_by_duckdb(triplets):
        database.execute(
            "CREATE TABLE asked AS "
            "SELECT *, number AS example, NULL::DOUBLE AS score FROM ("
            f"SELECT 2 * file_row_number AS number, {text(query, 'qid')}, "
            f"{text(positive, 'docid')}, 1.0::DOUBLE AS label FROM {source} "
            "UNION ALL "
            f"SELECT 2 * file_row_number + 1, {text(query)}, {text(negative)}, 0.0 FROM {source})"
        )
    if not database.execute("SELECT count(*) FROM asked").fetchall()[0][0]:
        raise UserError(f"{triplets} holds no triplet; make it again.")


def read_examples(database: duckdb.DuckDBPyConnection, ids: str | os.PathLike) -> None:
    """Make the table `asked` (number, example, qid, docid, label, score) of a file of examples.

    Number counts the rows, each a passage, from 0 in the file's order.

    Raises:
        UserError: the file has other columns or no row, or no example of a passage.
    """
    parquet.schema(ids, IDS.names)
    source = f"read_parquet({_literal([Path(ids)])}, file_row_number=true)"
    with readable_by_duckdb(ids):
        database.execute(
            "CREATE TABLE asked AS SELECT file_row_number AS number, "
            "coalesce(example, error('no example')) AS example, "
            f"{text('qid')}, {text('docid')}, "
            "label::DOUBLE AS label, score::DOUBLE AS score "
            f"FROM {source}"
        )
    if not database.execute("SELECT count(*) FROM asked").fetchall()[0][0]:
        raise UserError(f"{ids} holds no example; make it again.")


def add_texts(
    database: duckdb.DuckDBPyConnection,
    topics: str | os.PathLike,
    corpus: str | os.PathLike,
    asked_by: str | os.PathLike,
) -> None:
    """Make the tables `topics` (qid, query) and `passages` (docid, passage) that `asked` needs.

    `asked` has the columns number, qid and docid; `asked_by` is the file that it was made of.

    Raises:
        UserError: a line of the topics or a document is damaged, a topic or a document of `asked`
            is missing, or a document that it asks for is in the corpus twice.
    """
    add_topics(database, read_topics(topics))
    _refuse_missing(database, "qid", "topics", f"{topics}: {{}} topics of {asked_by}")
    add_passages(database, corpus)
    _refuse_missing(database, "docid", "passages", f"{corpus}: {{}} documents of {asked_by}")


def add_topics(database: duckdb.DuckDBPyConnection, texts: Topics) -> None:
    """Make the table `topics` (qid, query) of those that `asked` has."""
    columns = pa.table({"qid": list(texts), "query": list(texts.values())})
    del texts
    database.register("columns", columns)
    database.execute("CREATE TABLE topics AS SELECT * FROM columns SEMI JOIN asked USING (qid)")
    database.unregister("columns")


def add_passages(
    database: duckdb.DuckDBPyConnection,
    corpus: str | os.PathLike,
    documents: Iterable[Document] | None = None,
) -> None:
    """Make the table `passages` (docid, passage) of those that `asked` has.

    They are of a corpus folder; or, where they are given, of the documents that a reader found in
    `corpus`, of which few are held at a time.

    Raises:
        UserError: a document is damaged, or one that `asked` has appears twice.
    """
    if documents is None:
        with readable_by_duckdb(corpus):
            database.execute(
                "CREATE TABLE passages AS SELECT id AS docid, contents AS passage "
                f"FROM {relation(corpus)} SEMI JOIN asked ON id = docid"
            )
    else:
        _insert_passages(database, documents)
    twice = database.execute(
        "SELECT docid FROM passages GROUP BY docid HAVING count(*) > 1 ORDER BY docid LIMIT 1"
    ).fetchall()
    if twice:
        raise UserError(f"{corpus}: document {twice[0][0]!r} appears twice; remove one of them.")


def _insert_passages(database: duckdb.DuckDBPyConnection, documents: Iterable[Document]) -> None:
    database.execute("CREATE TABLE passages (docid VARCHAR, passage VARCHAR)")
    asked = {docid for (docid,) in database.execute("SELECT DISTINCT docid FROM asked").fetchall()}
    wanted = ((docid, passage) for docid, passage, _ in documents if docid in asked)
    while some := list(islice(wanted, ROW_GROUP)):
        docids, passages = map(list, zip(*some, strict=True))
        rows = pa.table({"docid": docids, "passage": passages})
        database.from_arrow(rows).insert_into("passages")


def missing(
    database: duckdb.DuckDBPyConnection, key: Literal["qid", "docid"], table: str
) -> list[str]:
    """Return what `asked` has under a key and a table of texts lacks, in the order of `asked`."""
    rows = database.execute(
        f"SELECT {key} FROM asked ANTI JOIN {table} USING ({key}) "
        f"GROUP BY {key} ORDER BY min(number)"
    ).fetchall()
    return [name for (name,) in rows]


def _refuse_missing(
    database: duckdb.DuckDBPyConnection, key: Literal["qid", "docid"], table: str, subject: str
) -> None:
    if absent := missing(database, key, table):
        raise UserError(
            f"{subject.format(len(absent))} are missing, {absent[0]!r} first; the two are of "
            "different collections or versions: make both again."
        )


def in_order(rows: duckdb.DuckDBPyRelation, output: str | os.PathLike) -> Iterator[pa.Table]:
    """Yield the rows of a query by their column `number`, which counts them from 0, without it.

    A table has `ROW_GROUP` rows, the last one fewer. DuckDB's own sort needs much of the text in
    memory. Here rows go to a scratch file beside `output` as they come, in pieces by the table that
    they belong to, and only one table is put together at a time.
    """
    reader = rows.to_arrow_reader(ROW_GROUP)
    pieces: dict[int, list[tuple[int, int]]] = defaultdict(list)
    with tempfile.TemporaryFile(dir=Path(output).parent) as scratch:
        for batch in reader:
            for group, piece in _pieces(batch):
                message = piece.serialize()
                pieces[group].append((scratch.tell(), message.size))
                scratch.write(message)
        for group in sorted(pieces):
            batches = [_read_piece(scratch, *place, reader.schema) for place in pieces[group]]
            yield pa.Table.from_batches(batches).sort_by("number").drop_columns("number")


def _pieces(batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Cut a batch into the parts that belong to one table each, with the number of the table."""
    batch = batch.sort_by("number")
    groups = batch["number"].to_numpy() // ROW_GROUP
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    for start, stop in pairwise([*starts.tolist(), len(groups)]):
        yield int(groups[start]), batch.slice(start, stop - start)


def _read_piece(scratch: IO[bytes], start: int, size: int, schema: pa.Schema) -> pa.RecordBatch:
    scratch.seek(start)
    return pa.ipc.read_record_batch(pa.py_buffer(scratch.read(size)), schema)
