"""Bringing collections of other formats to the formats at the doors."""

import json
import os
import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lionrank import trec
from lionrank.collections.corpus import LONGEST, TRIMMED, too_long
from lionrank.collections.readers import beir
from lionrank.collections.readers.anserini import Anserini
from lionrank.collections.readers.base import Document, GivenReader, Reader
from lionrank.collections.readers.beir import Beir
from lionrank.collections.readers.irds import Catalogue
from lionrank.collections.readers.lotte import Lotte
from lionrank.collections.readers.marco_qa import MarcoQa
from lionrank.collections.readers.nanobeir import NanoBeir
from lionrank.errors import UserError
from lionrank.files import only_file, write_json_lines
from lionrank.trec import Topics


def reader(settings: dict, folders: dict[str, str]) -> Reader:
    """Return the reader of a collection.

    `settings` is its entry under `collections` in the config, and `folders` says where the sources
    that it names lie.
    """
    match settings["format"]:
        case "beir" if "folder" in settings:
            return Beir(Path(settings["folder"]))
        case "beir":
            return Beir(beir.folder_in(only_file(folders[settings["source"]])))
        case "anserini":
            return Anserini(settings)
        case "lotte":
            return Lotte(settings["folder"])
        case "ir_datasets":
            return Catalogue(settings)
    return given_reader(settings, folders)


def given_reader(settings: dict, folders: dict[str, str]) -> GivenReader:
    """Return the reader of a collection that brings its candidates; arguments are as `reader`'s."""
    readers: dict[str, type[NanoBeir] | type[MarcoQa]] = {"nanobeir": NanoBeir, "marco_qa": MarcoQa}
    return readers[settings["format"]](folders[settings["source"]])


def write_corpus(documents: Callable[[], Iterable[Document]], folder: str | os.PathLike) -> None:
    """Write a collection's documents as Anserini JSON lines, in a file in `folder`.

    `documents` reads them, and is called again where it seems that an identifier appears twice.

    A document of white space and control characters alone is left out and told of: Lucene does not
    index it, so that no first stage can retrieve it. A judgement of it still counts. Of each
    identifier 8 bytes stay in memory: MS MARCO v2 has 138 million.

    Raises:
        UserError: an identifier is empty, holds white space or appears twice, a document is too
            long to be read again, or none has text.
    """
    records = _records(documents, folder)
    write_json_lines(Path(folder, "documents.jsonl"), records)


def _records(
    documents: Callable[[], Iterable[Document]], folder: str | os.PathLike
) -> Iterator[dict]:
    hashes = array("q")
    empty: list[str] = []
    for docid, text, place in tqdm(documents(), desc="documents", unit=""):
        trec.check_id(docid, "document", place)
        hashes.append(hash(docid))
        if not (text.strip() and text.strip(TRIMMED)):
            empty.append(f"{docid} ({place})")
            continue
        record = {"id": docid, "contents": text}
        # In JSON a character takes at most six bytes.
        if len(text) > LONGEST // 6 and _bytes(record) > LONGEST:
            raise UserError(f"{place}: {too_long(text)}")
        yield record
    if len(empty) == len(hashes):
        raise UserError(
            f"{folder} would be empty: none of its {len(hashes)} documents has text; "
            "look at the collection's entry in the config"
        )
    if suspects := _repeated(hashes):
        _refuse_repeated(documents(), suspects)
    if empty:
        print(f"left out {len(empty)} documents without text: {', '.join(empty[:10])}")


def _repeated(hashes: array) -> set[int]:
    """Return the hashes that appear twice; the array is sorted."""
    ordered = np.frombuffer(hashes, dtype=np.int64)
    ordered.sort()
    return {*ordered[1:][ordered[1:] == ordered[:-1]].tolist()}


def _refuse_repeated(documents: Iterable[Document], suspects: set[int]) -> None:
    """Name the second document of an identifier; two identifiers may have one hash.

    Raises:
        UserError: an identifier appears twice.
    """
    seen: set[str] = set()
    for docid, _, place in documents:
        if hash(docid) in suspects:
            if docid in seen:
                raise UserError(f"{place}: document {docid!r} appears twice: remove one of the two")
            seen.add(docid)


def _bytes(record: dict) -> int:
    return len(json.dumps(record, ensure_ascii=False).encode())


def write_topics(
    source: Reader,
    name: str,
    topics: str | os.PathLike,
    qrels: str | os.PathLike,
    levels: Iterable[int],
    remove_query: bool = False,
) -> None:
    """Write a collection's topics of this name as TSV and their judgements as TREC qrels.

    `levels` are the relevance thresholds that they will be evaluated at. With `remove_query`, what
    is said of a document with the topic's id is no judgement.

    Raises:
        UserError: an identifier is empty or holds white space, a topic has no text, or a judged
            one is not there, which evaluation would count as zero, or none is judged; or what
            `trec.check_judged` refuses.
    """
    queries = one_line_each(source.topics(name), f"topics {name}")
    judgements = source.qrels(name)
    for qid, judged in judgements.items():
        trec.check_id(qid, "topic", f"qrels {name}")
        for docid in judged:
            trec.check_id(docid, "document", f"qrels {name}, topic {qid}")
    if missing := [qid for qid in judgements if qid not in queries]:
        raise UserError(
            f"topics {name}: {len(missing)} of {len(judgements)} judged topics are not there, "
            f"{missing[0]!r} first: fix the topics or their topic_reader, or remove the judgements"
        )
    if remove_query:
        trec.say_removed(f"qrels {name}", trec.remove_queries(judgements))
    trec.check_shared(queries, f"topics {name}", judgements, f"qrels {name}")
    trec.check_judged(judgements, f"qrels {name}", levels)
    trec.write_topics(topics, queries)
    trec.write_qrels(qrels, judgements)


def one_line_each(topics: Topics, place: str) -> Topics:
    """Return topics as a TSV file can hold them, each text in one line.

    Raises:
        UserError: an identifier is empty or holds white space, or a topic has no text or a NUL in
            it; begins with `place`.
    """
    queries = {qid: one_line(query) for qid, query in topics.items()}
    for qid, query in queries.items():
        trec.check_id(qid, "topic", place)
        if not query:
            raise UserError(f"{place}: topic {qid!r} has no text; give it some or remove it")
        if "\0" in query:
            raise UserError(f"{place}: the text of topic {qid!r} holds a NUL: remove it")
    return queries


def one_line(text: str) -> str:
    """Return a text without tabs and line ends, each with the white space around it one space."""
    return re.sub(r"\s*[\t\r\n]\s*", " ", text).strip()
