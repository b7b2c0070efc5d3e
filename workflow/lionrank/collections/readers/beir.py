"""Collections in BEIR's format (https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset)."""

import csv
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pyarrow as pa

from lionrank import parquet
from lionrank.collections.readers.base import (
    Document,
    by_id,
    json_lines,
    parquet_files,
    parquet_rows,
    text_of,
)
from lionrank.errors import UserError
from lionrank.files import maybe_packed, open_zip, text_lines
from lionrank.trec import Qrels, Topics, grade_of

TEXTS = pa.schema({"_id": pa.string(), "text": pa.string()})
HEADER = ["query-id", "corpus-id", "score"]


class Beir:
    """A folder with corpus.jsonl, queries.jsonl and qrels/NAME.tsv, any of which may be packed.

    Or one in a zip archive.
    """

    def __init__(self, folder: Path | zipfile.Path) -> None:
        self.folder = folder

    def _file(self, name: str) -> Path | zipfile.Path:
        path = self.folder / name
        return path if isinstance(path, zipfile.Path) else maybe_packed(path)

    def documents(self) -> Iterator[Document]:
        """Yield the documents; where there is a title, it goes before the text."""
        return documents(self._file("corpus.jsonl"))

    def topics(self, name: str) -> Topics:
        """Return the queries that are judged under this name."""
        asked = queries(self._file("queries.jsonl"))
        judged = self.qrels(name)
        return {qid: query for qid, query in asked.items() if qid in judged}

    def qrels(self, name: str) -> Qrels:
        """Return the judgements in qrels/NAME.tsv.

        Raises:
            UserError: there is no such file, or a line of it is of another form, has a score that
                is no grade of qrels, or judges a document again and otherwise.
        """
        path = self._file(f"qrels/{name}.tsv")
        if not path.exists():
            folder = self.folder / "qrels"
            beside = [file.name for file in folder.iterdir()] if folder.is_dir() else []
            names = [name.partition(".tsv") for name in beside]
            others = sorted({name for name, ending, _ in names if ending})
            raise UserError(
                f"{path} does not exist; {folder} has: {', '.join(others) or 'no *.tsv file'}"
            )
        qrels: Qrels = {}
        for place, (qid, docid, score) in _rows(path):
            grade = grade_of(score, place)
            if (other := qrels.setdefault(qid, {}).setdefault(docid, grade)) != grade:
                raise UserError(
                    f"{place}: document {docid!r} is judged twice for query {qid!r}, {other} and "
                    f"{grade}: remove one of the two"
                )
        return qrels


def folder_in(archive: str | os.PathLike) -> zipfile.Path:
    """Return the folder of a zip archive that a collection lies in, as BEIR packs them.

    Nothing is unpacked: members are read where they are, so that none can leave the folder.

    Raises:
        UserError: it is no zip archive, or has no folder with a corpus.jsonl, or several.
    """
    members = open_zip(archive)
    named = members.namelist()
    found = [name for name in named if PurePosixPath(name).name == "corpus.jsonl"]
    if len(found) != 1:
        folders = [str(PurePosixPath(name).parent) for name in found]
        raise UserError(
            f"{archive}: expected one folder with corpus.jsonl, queries.jsonl and qrels/, found "
            f"{', '.join([f'{len(found)} corpus.jsonl', *folders])}"
        )
    return zipfile.Path(members, found[0].removesuffix("corpus.jsonl"))


def documents(path: str | os.PathLike | zipfile.Path) -> Iterator[Document]:
    """Yield the documents of a corpus.jsonl; where there is a title, it goes before the text."""
    for place, record in json_lines(path):
        title = text_of(record, "title", place) if record.get("title") is not None else ""
        parts = filter(None, (title, text_of(record, "text", place)))
        yield Document(text_of(record, "_id", place), " ".join(parts), place)


def parquet_documents(folder: str | os.PathLike) -> Iterator[Document]:
    """Yield the documents of corpus/*.parquet in a folder, as BEIR's sets are on the hub."""
    files = parquet_files(folder, "corpus/*.parquet", TEXTS.names)
    titled = "title" in parquet.schema(files[0]).names
    columns = pa.schema([*TEXTS, *([("title", pa.string())] if titled else [])])
    for place, (docid, text, *title) in parquet_rows(folder, "corpus/*.parquet", columns):
        yield Document(docid, " ".join(filter(None, (*title, text))), place)


def queries(path: str | os.PathLike | zipfile.Path) -> Topics:
    """Return all queries of a queries.jsonl.

    Raises:
        UserError: a query appears twice.
    """
    rows = (
        (place, text_of(record, "_id", place), text_of(record, "text", place))
        for place, record in json_lines(path)
    )
    return by_id(rows, "query")


def _rows(path: Path | zipfile.Path) -> Iterator[tuple[str, list[str]]]:
    form = "<TAB>".join(HEADER)
    for number, line in text_lines(path):
        columns = _cells(line, f"{path}:{number}") if '"' in line else line.split("\t")
        if len(columns) != len(HEADER):
            raise UserError(f"{path}:{number}: expected {form}, found {line[:80]!r}")
        if number > 1:
            yield f"{path}:{number}", columns
        elif columns != HEADER:
            raise UserError(f"{path}:1: expected the header {form}, found {line[:80]!r}")


def _cells(line: str, place: str) -> list[str]:
    """Return the columns of a line with quotation marks, by the rules that BEIR's loader has."""
    try:
        return next(csv.reader([line], delimiter="\t", strict=True))
    except csv.Error as error:
        raise UserError(
            f"{place}: a column that begins with a quotation mark ends with one, and one within it "
            f"is doubled, as BEIR writes and reads them ({error}): found {line[:80]!r}"
        ) from None
