"""Scores of a bi-encoder of sentence-transformers: its own similarity of query and passage."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor
from tqdm import tqdm

from lionrank import parquet
from lionrank.cross_encoder.pretrained import PICKLES, Pretrained, one_line
from lionrank.files import read_json
from lionrank.systems import modules

OF_THE_MODEL = "config_sentence_transformers.json"
KIND = "SentenceTransformer"

CHUNK = 8192
"""Candidates whose texts are sorted by length and encoded at once."""
BATCH = {"cpu": 32, "cuda": 256}
"""Texts that are encoded at a time."""


def load(source: str, folder: str | os.PathLike, device: torch.device) -> SentenceTransformer:
    """Load a bi-encoder in float32 from the folder that the config names as `source`.

    Raises:
        UserError: it is no folder of a bi-encoder, it is damaged, or it needs remote code or
            pickles.
    """
    found = Pretrained(source, Path(folder), key="teachers")
    _check(found)
    try:
        model = SentenceTransformer(
            str(folder),
            device=str(device),
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True, "dtype": torch.float32},
        )
    except Exception as error:
        raise found.unfit(f"sentence-transformers cannot load it ({one_line(error)})") from error
    prompts = {name: text for name, text in model.prompts.items() if text}
    print(
        f"{found.who}: the score is {model.similarity_fn_name} similarity, of texts of at most "
        f"{model.max_seq_length} tokens"
        + (f", after its prompts {prompts}" if prompts else ", without prompts")
    )
    return model


def _check(source: Pretrained) -> None:
    path = source.folder / modules.FILE
    if not path.is_file():
        raise source.unfit(f"it has no {modules.FILE}, so it is no bi-encoder of {KIND}")
    try:
        parts = [(str(each["type"]), str(each["path"])) for each in json.loads(path.read_bytes())]
    except (ValueError, TypeError, KeyError) as error:
        raise source.damaged(f"its {modules.FILE} is damaged ({one_line(error)})") from error
    if (file := source.folder / OF_THE_MODEL).is_file():
        kind = read_json(file, source.remedy).get("model_type", KIND)
        if kind != KIND:
            raise source.unfit(f"it is a {kind}, by its {OF_THE_MODEL}, and no bi-encoder")
    for kind, place in parts:
        if not kind.startswith(modules.OWN):
            raise source.unfit(f"its module {kind} is remote code, which is never run")
        folder = source.folder / place
        pickles = [file for pattern in PICKLES for file in folder.glob(pattern)]
        if pickles and not any(folder.glob("*.safetensors")):
            raise source.unfit(
                f"{pickles[0].relative_to(source.folder)} is a pickle, and pickles are never loaded"
            )


def score(
    model: SentenceTransformer, candidates: str | os.PathLike, scale: float
) -> Iterator[float]:
    """Yield the score of each row of a Parquet file of candidates: similarity times `scale`.

    Each topic and document is encoded once, with the model's own prompts for queries and
    documents, and its vector is kept.

    Raises:
        UserError: a score is not finite.
    """
    batch = BATCH.get(model.device.type, BATCH["cpu"])
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
