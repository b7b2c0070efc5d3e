"""Scores of a bi-encoder of sentence-transformers: its own similarity of query and passage."""

import os
from collections.abc import Callable, Iterator

import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor
from tqdm import tqdm

from lionrank import parquet
from lionrank.retrieval.bi_encoder import CHUNK, batch_size


def score(
    model: SentenceTransformer, candidates: str | os.PathLike, scale: float
) -> Iterator[float]:
    """Yield the score of each row of a Parquet file of candidates: similarity times `scale`.

    Each topic and document is encoded once, with the model's own prompts for queries and
    documents, and its vector is kept.

    Raises:
        UserError: a score is not finite.
    """
    batch = batch_size(model)
    queries = _Vectors(model.encode_query, batch)
    passages = _Vectors(model.encode_document, batch)
    columns = parquet.of_candidates("qid", "docid", "query", "passage")
    with tqdm(total=parquet.count(candidates), desc="scoring", unit="pair") as bar:
        for chunk in parquet.batches(candidates, columns, rows=CHUNK):
            qids, docids, asked, texts = (column.to_pylist() for column in chunk.columns)
            similarity = model.similarity_pairwise(
                queries.of(qids, asked), passages.of(docids, texts)
            )
            yield from (similarity.float() * scale).tolist()
            bar.update(len(chunk))


class _Vectors:
    """Vectors of texts by their ids, on the CPU."""

    def __init__(self, encode: Callable[..., Tensor], batch: int) -> None:
        self.encode, self.batch = encode, batch
        self.known: dict[str, Tensor] = {}

    def of(self, names: list[str], texts: list[str]) -> Tensor:
        """Return the vectors [names, dimensions] of texts, and keep them."""
        new = {
            name: text for name, text in zip(names, texts, strict=True) if name not in self.known
        }
        if new:
            vectors = self.encode(
                [*new.values()],
                batch_size=self.batch,
                show_progress_bar=False,
                convert_to_tensor=True,
            )
            self.known.update(zip(new, vectors.cpu(), strict=True))
        return torch.stack([self.known[name] for name in names])
