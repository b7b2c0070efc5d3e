"""Dense first stages: a bi-encoder's vectors of a corpus, and exact search among them.

The vectors are a file that is mapped into memory, and they are made and compared block by block: so
memory is bounded, whatever the size of the collection.
"""

import math
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from numpy.lib.format import open_memmap
from sentence_transformers import SentenceTransformer
from torch import Tensor
from tqdm import tqdm

from lionrank import parquet, trec, wording
from lionrank.collections.corpus import count_documents, open_database, readable_by_duckdb, relation
from lionrank.errors import UserError
from lionrank.files import read_json, write_json
from lionrank.retrieval import record
from lionrank.retrieval.bi_encoder import CHUNK, batch_size
from lionrank.trec import Topics

VECTORS, DOCUMENTS = "vectors.npy", "documents.parquet"
"""Of an index: float32 [documents, dimensions] in the order of the corpus, and the ids."""
PROGRESS = "progress.json"
"""Of one that is being made: of what, and how many vectors there are."""
DOCID = pa.schema([("docid", pa.large_string())])

BLOCK = 16_384
"""Documents that queries are compared with at once."""
QUERIES = {"cpu": 1024, "cuda": 4096}
"""Queries that go through the corpus together."""


def encode_corpus(
    model: SentenceTransformer,
    corpus: str | os.PathLike,
    index: str | os.PathLike,
    threads: int,
    belongs_to: Mapping[str, str],
) -> None:
    """Write the vectors of a corpus, in its order, and the ids of its documents as a folder.

    They are made in a hidden folder beside `index`. A job that was killed leaves it, and the next
    one goes on from there if `belongs_to`, which says what vectors are made of, is the same.

    Raises:
        UserError: the corpus is damaged, a document has the id of another, or a vector is not
            finite.
    """
    index = Path(index)
    made = index.with_name(f".{index.name}.encoding")
    with open_database(index, threads) as database, readable_by_duckdb(corpus):
        number = count_documents(database, corpus)
        done = _done(made, dict(belongs_to))
        if not done:
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(parents=True)
            documents = database.sql(f"SELECT id AS docid FROM {relation(corpus)}")
            pq.write_table(documents.to_arrow_table(), made / DOCUMENTS)
            _refuse_twice(_docids(made), corpus)
        docids = _docids(made)
        texts = database.sql(f"SELECT id, contents FROM {relation(corpus)}")
        with tqdm(total=number, initial=done, desc="encoding", unit="document") as bar:
            start = 0
            for batch in texts.to_arrow_reader(CHUNK):
                stop = start + len(batch)
                if batch["id"].cast(docids.type) != docids.slice(start, len(batch)):
                    raise UserError(f"{corpus}: its order has changed meanwhile: run again.")
                if stop > done:
                    chunk = batch.slice(max(done - start, 0))
                    _encode(model, chunk, made, stop - len(chunk), number)
                    write_json(made / PROGRESS, {"belongs_to": dict(belongs_to), "done": stop})
                    bar.update(len(chunk))
                start = stop
    (made / PROGRESS).unlink()
    shutil.rmtree(index, ignore_errors=True)
    os.replace(made, index)


def _done(made: Path, belongs_to: dict[str, str]) -> int:
    """Return how many vectors a job that was killed has left, if they are of the same."""
    if not (made / PROGRESS).exists():
        return 0
    progress = read_json(made / PROGRESS)
    done: int = progress["done"]
    if progress["belongs_to"] != belongs_to:
        print(f"{made}: its {done:,} vectors are of another corpus or model: begun anew")
        return 0
    print(f"{made}: {done:,} vectors are there, of a job that was killed")
    return done


def _docids(index: Path) -> pa.LargeStringArray:
    return parquet.read(index / DOCUMENTS, DOCID)["docid"].combine_chunks()


def _refuse_twice(docids: pa.LargeStringArray, corpus: str | os.PathLike) -> None:
    counted = docids.value_counts()
    twice = counted.filter(pc.greater(counted.field("counts"), 1))
    if len(twice):
        raise UserError(
            f"{corpus}: document {twice[0]['values'].as_py()!r} appears twice; remove one of them."
        )


def _encode(
    model: SentenceTransformer, chunk: pa.RecordBatch, made: Path, start: int, number: int
) -> None:
    """Write the vectors of some documents, the first of which is number `start` of them all."""
    docids, texts = (column.to_pylist() for column in chunk.columns)
    found = model.encode_document(texts, batch_size=batch_size(model), show_progress_bar=False)
    wrong = ~np.isfinite(found).all(axis=1)
    if wrong.any():
        raise UserError(
            f"first_stages: the vector of document {docids[wrong.argmax()]!r} is not finite: the "
            "bi-encoder is damaged; take another."
        )
    if not start:
        _make_room(made / VECTORS, (number, found.shape[1]))
    vectors = open_memmap(made / VECTORS, "r+")
    vectors[start : start + len(found)] = found
    vectors.flush()


def _make_room(path: Path, shape: tuple[int, int]) -> None:
    """Make a file of vectors that has its place on the disk: a full one would kill the process."""
    try:
        open_memmap(path, "w+", np.float32, shape)
        with open(path, "r+b") as handle:
            os.posix_fallocate(handle.fileno(), 0, handle.seek(0, os.SEEK_END))
    except OSError as error:
        size = wording.size(4 * math.prod(shape))
        raise UserError(
            f"{path}: vectors of {shape[0]:,} documents take {size}, which could not be written "
            f"({error.strerror}): make room, then run again."
        ) from None


def rank(
    model: SentenceTransformer,
    index: str | os.PathLike,
    topics: str | os.PathLike,
    depth: int,
    first_stage: str,
    output: str | os.PathLike,
    counts: str | os.PathLike,
    *,
    remove_query: bool = False,
) -> None:
    """Write the ranking of a dense first stage, as a run file, and its record.

    Args:
        model: the bi-encoder that made the index.
        index: the folder of vectors.
        topics: those to rank for.
        depth: documents of a topic.
        first_stage: its name, which becomes the tag.
        output: the run file to write.
        counts: the record to write.
        remove_query: whether a document with the topic's id is the query itself, and takes no place
            of the depth.

    Raises:
        UserError: a file is damaged, or a similarity is not finite.
    """
    asked = trec.read_topics(topics)
    lines: dict[str, int] = {}
    removed = 0

    def rankings() -> Iterator[tuple[str, dict[str, float]]]:
        nonlocal removed
        for qid, ranking in search(model, index, asked, depth + remove_query):
            if remove_query:
                removed += trec.remove_queries({qid: ranking})
            kept = trec.first(ranking, depth)
            lines[qid] = len(kept)
            yield qid, trec.strict(kept)

    trec.write_rankings(output, rankings(), first_stage)
    trec.say_removed(os.fspath(output), removed)
    record.write(counts, asked, lines, removed_queries=removed)


def search(
    model: SentenceTransformer, index: str | os.PathLike, topics: Topics, depth: int
) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the `depth` most similar documents of each topic, of all that an index has.

    They fall by similarity, float32, and then by docid, as trec_eval ranks them.

    Raises:
        UserError: a similarity is not finite.
    """
    documents = _Documents(Path(index))
    size = QUERIES.get(model.device.type, QUERIES["cpu"])
    qids = [*topics]
    batches = [qids[start : start + size] for start in range(0, len(qids), size)]
    steps = len(batches) * len(documents.vectors)
    with tqdm(total=steps, desc="searching", unit="document") as bar:
        for batch in batches:
            queries = model.encode_query(
                [topics[qid] for qid in batch],
                batch_size=batch_size(model),
                show_progress_bar=False,
                convert_to_tensor=True,
            )
            best = documents.best(model, queries, depth, bar).cpu()
            for qid, keys in zip(batch, best, strict=True):
                yield qid, dict(zip(documents.named(keys), _scores(keys).tolist(), strict=True))


class _Documents:
    """Documents of an index: vectors, and the place of each in the order of the docids' bytes."""

    def __init__(self, index: Path) -> None:
        self.index = index
        # Mapped so that torch may write to it, which it does not; it warns of what it may not.
        self.vectors = np.load(index / VECTORS, mmap_mode="c")
        docids = _docids(index)
        order = pc.sort_indices(docids)
        self._docids = docids.take(order)
        self._places = torch.from_numpy(np.argsort(order.to_numpy()))

    def best(self, model: SentenceTransformer, queries: Tensor, depth: int, bar: tqdm) -> Tensor:
        """Return the `depth` highest `_keys` [queries, documents] of some queries, falling."""
        best = torch.empty(len(queries), 0, dtype=torch.int64, device=model.device)
        for start in range(0, len(self.vectors), BLOCK):
            block = torch.from_numpy(self.vectors[start : start + BLOCK]).to(model.device)
            similarity = model.similarity(queries, block).float()
            if not similarity.sum().isfinite():
                raise UserError(
                    f"{self.index}: a similarity is not finite: the bi-encoder is damaged; take "
                    "another."
                )
            places = self._places[start : start + BLOCK].to(model.device)
            both = torch.cat([best, _keys(similarity, places)], dim=1)
            best = both.topk(min(depth, both.shape[1])).values
            bar.update(len(block))
        return best

    def named(self, keys: Tensor) -> list[str]:
        """Return the docids of keys."""
        docids: list[str] = self._docids.take(pa.array((keys & _LOW).numpy())).to_pylist()
        return docids


_LOW, _SIGN = 0xFFFFFFFF, 0x7FFFFFFF


def _keys(scores: Tensor, places: Tensor) -> Tensor:
    """Return integers [queries, documents] that are in the order of (score, place).

    The bits of a float32 are in the order of the numbers, but for negative ones, whose order is the
    other way round. `places` [documents] are non-negative and below 2 ** 32. So no two keys are the
    same, and which documents of one score come first does not depend on blocks or devices.
    """
    bits = (scores + 0.0).view(torch.int32)  # of -0.0, too, those of 0.0
    bits ^= (bits >> 31) & _SIGN
    keys = bits.long()
    keys <<= 32
    keys |= places
    return keys


def _scores(keys: Tensor) -> Tensor:
    ordered = (keys >> 32).to(torch.int32)
    return (ordered ^ ((ordered >> 31) & _SIGN)).view(torch.float32)
