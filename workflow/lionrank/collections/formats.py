"""Topics and corpora that are only named: their formats are told by what is in them."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from lionrank.collections.convert import one_line_each
from lionrank.collections.readers import anserini, beir
from lionrank.collections.readers.base import Document, first_line, tab_separated
from lionrank.errors import UserError
from lionrank.files import PACKED, maybe_packed, open_file, read_json_lines
from lionrank.trec import Topics, read_topics


def topics_in(path: str | os.PathLike) -> Topics:
    """Return the topics of a file: TSV, BEIR's queries.jsonl, or those of `anserini.MARKED_UP`.

    Raises:
        UserError: the file is damaged, or what no file of topics may hold.
    """
    start = _start(path)
    if start.startswith("{"):
        return one_line_each(beir.queries(path), str(path))
    for mark, (reader, field) in anserini.MARKED_UP.items():
        if start.lower().startswith(mark):
            return one_line_each(anserini.read_by_anserini(str(path), reader, field), str(path))
    return read_topics(path)


def documents_in(corpus: str | os.PathLike) -> Iterator[Document] | None:
    """Return the documents of a corpus as its reader yields them, None for a corpus folder.

    A file is JSON lines (BEIR's with `_id` and `text`, Anserini's with `id` and `contents`) or
    `docid<TAB>text`. A folder is BEIR's, with corpus.jsonl or corpus/*.parquet, or has Anserini's
    JSON lines, packed ones among them. A corpus folder is that of `lionrank.collections.corpus`.

    Raises:
        UserError: it is none of them.
    """
    path = Path(corpus)
    if not path.is_dir():
        if not _start(path).startswith("{"):
            return tab_separated(path)
        return beir.documents(path) if _is_beir(path) else anserini.documents(path)
    corpus_of_beir = maybe_packed(path / "corpus.jsonl")
    if corpus_of_beir.exists() and _is_beir(corpus_of_beir):
        return beir.documents(corpus_of_beir)
    if (path / "corpus").is_dir():
        return beir.parquet_documents(path)
    is_corpus = any(any(path.glob(kind)) for kind in ("*.jsonl", "*.parquet"))
    is_packed = any(any(path.glob(f"*.jsonl{suffix}")) for suffix in PACKED)
    return None if is_corpus and not is_packed else anserini.documents(path)


def _is_beir(path: Path) -> bool:
    return "_id" in next(read_json_lines(path), {})


def _start(path: str | os.PathLike) -> str:
    """Return what `first_line` does of a file that can be read again.

    Raises:
        UserError: it is a pipe, or cannot be read.
    """
    with open_file(path) as handle:
        if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
            raise UserError(
                f"{path} is a pipe, and is read more than once: name a file, which gzip or zstd "
                "may have packed."
            )
    return first_line(path)
