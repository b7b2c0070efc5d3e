"""Bi-encoders of sentence-transformers: a vector of a query, one of a passage, and similarity."""

from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer

from lionrank.cross_encoder.initialise import locate
from lionrank.cross_encoder.pretrained import MODULES, OWN_MODULES, PICKLES, Pretrained, one_line
from lionrank.files import read_json

OF_THE_MODEL = "config_sentence_transformers.json"
KIND = "SentenceTransformer"

CHUNK = 8192
"""Texts that are sorted by length and encoded at once."""
_BATCH = {"cpu": 32, "cuda": 256}


def load(source: str, device: torch.device, key: str) -> SentenceTransformer:
    """Load a bi-encoder in float32 from a folder.

    `source` names it as the config does, under `key`: a path, or `package:NAME/FOLDER`.

    Raises:
        UserError: it is no folder of a bi-encoder, it is damaged, or it needs remote code or
            pickles.
    """
    folder = locate(source, {}, key) if source.startswith("package:") else source
    found = Pretrained(source, Path(folder), key)
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


def batch_size(model: SentenceTransformer) -> int:
    """Return how many texts a model encodes at a time on its device."""
    return _BATCH.get(model.device.type, _BATCH["cpu"])


def _check(source: Pretrained) -> None:
    modules = source.modules()
    if modules is None:
        raise source.unfit(f"it has no {MODULES}, so it is no bi-encoder of {KIND}")
    if (file := source.folder / OF_THE_MODEL).is_file():
        kind = read_json(file, source.remedy).get("model_type", KIND)
        if kind != KIND:
            raise source.unfit(f"it is a {kind}, by its {OF_THE_MODEL}, and no bi-encoder")
    for kind, place in modules:
        if not kind.startswith(OWN_MODULES):
            raise source.unfit(f"its module {kind} is remote code, which is never run")
        folder = source.folder / place
        pickles = [file for pattern in PICKLES for file in folder.glob(pattern)]
        if pickles and not any(folder.glob("*.safetensors")):
            raise source.unfit(
                f"{pickles[0].relative_to(source.folder)} is a pickle, and pickles are never loaded"
            )
