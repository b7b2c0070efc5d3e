"""Reranking outside an experiment: a checkpoint, a run file, and texts in whatever format."""

import hashlib
import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path

import torch
from accelerate.utils.memory import should_reduce_batch_size

from lionrank import parquet, trec
from lionrank.config.scorings import ALLOWED, NEEDED, Scoring, as_param
from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.device import ABSENT, COMPUTES, look, prepare, resolve
from lionrank.cross_encoder.weights import weight_files
from lionrank.errors import UserError
from lionrank.files import PACKED, open_file, read_json, remove_scratch, scratch_folder, sha256
from lionrank.jobs.records import SUMS
from lionrank.reranking import journal
from lionrank.reranking.batches import TOKENS_AT_ONCE, check_fits
from lionrank.reranking.score import check_finite, scores
from lionrank.retrieval.candidates import join_files
from lionrank.systems.checkpoint import import_checkpoint
from lionrank.training.checkpoints import OF_MODEL, OF_TRAINING, SETTINGS

WORKERS = {"cpu": 0, "cuda": 4}
"""Processes that tokenise beside the one that computes: a GPU would wait."""

OPTIONS = {"window": "--window", "stride": "--stride", "k": "-k"}
"""Those of a scoring."""

LENGTH = 512
"""Tokens to which pairs are cut for a cross-encoder of others, where it takes more."""
LENGTHS = {"config.json": "max_position_embeddings", "tokenizer_config.json": "model_max_length"}
"""Where that says how many it takes."""


def rerank(
    checkpoint: Path,
    run: str,
    topics: Path,
    corpus: Path,
    output: Path,
    *,
    depth: int | None,
    device: str,
    precision: str | None,
    tokens_at_once: int | None,
    remove_query: bool,
    skip_missing: bool,
    aggregation: str | None = None,
    window: int | None = None,
    stride: int | None = None,
    k: int | None = None,
) -> None:
    """Write the run file that a checkpoint makes of another one, whose scores are not used.

    The scores are those of rule `rerank`: where all is equal, its checkpoint's name too, so are the
    bytes. A cross-encoder of others is imported in passing, as by rule `import_checkpoint`. What is
    scored stands in `{output}.partial` until `output` is whole, and is not scored again. `device`
    is auto, cpu or cuda; `precision` is by default that of the training. The last four are keys of
    a scoring; without an aggregation, texts are cut at the checkpoint's own length.

    Raises:
        UserError: an input is missing or damaged, `run` has what topics or corpus lack, `output` is
            being made by another process, or the device does not compute or is too small.
    """
    how = _how(aggregation, window, stride, k)
    _check_checkpoint(checkpoint)
    _check_output(output, (run, topics, corpus))
    if run != "-":
        open_file(run).close()
    place = choose(device)
    threads = torch.get_num_threads()
    prepare(threads, gpus=int(place.type == "cuda"))
    precision = resolve(precision or precision_of(checkpoint), place)
    hardware = {
        "workers": WORKERS[place.type],
        "tokens_at_once": tokens_at_once or TOKENS_AT_ONCE[place.type],
    }
    with journal.opened(output.with_name(f"{output.name}.partial")) as scored:
        remove_scratch(output)
        with scratch_folder(output) as scratch:
            model = cross_encoder.load(_native(checkpoint, scratch), place)
            check_fits(model, how)
            candidates = scratch / "candidates.parquet"
            join_files(
                *(run, topics, corpus, candidates),
                depth=depth,
                remove_query=remove_query,
                skip_missing=skip_missing,
                threads=threads,
            )
            belongs_to = {
                "checkpoint": digest(checkpoint),
                "ranking or text": sha256(candidates),
                "device": place.type,
                "precision": precision,
                "number of tokens at once": hardware["tokens_at_once"],
                "scoring": json.dumps(as_param(how)),
            }
            scored.begin(belongs_to, parquet.count(candidates))
            print(f"Scoring with {checkpoint} on {_told(place)} in {precision}.")
            try:
                found = scores(*(model, candidates, precision, hardware), how=how, journal=scored)
            except RuntimeError as error:
                if not should_reduce_batch_size(error):
                    raise
                raise UserError(
                    f"{hardware['tokens_at_once']:,} tokens at once do not fit into the memory of "
                    f"{_told(place)}: give a smaller number with --tokens-at-once"
                ) from error
            check_finite(found.scores, checkpoint)
            ranking = parquet.read(candidates, parquet.of_candidates("qid", "docid")).to_pydict()
            made = trec.to_run(ranking, found.scores.tolist())
        trec.write_run(output, made, "_".join(checkpoint.absolute().name.split()))
    print(f"{output}: {len(found.scores):,} candidates of {len(made):,} topics.")
    print(f"Of those scored now, {found.lengths.told()}")


def _how(
    aggregation: str | None, window: int | None, stride: int | None, k: int | None
) -> Scoring | None:
    """Return what the options of a scoring mean.

    Raises:
        UserError: one is missing, or there for nothing.
    """
    given = {"window": window, "stride": stride, "k": k}
    given = {key: value for key, value in given.items() if value is not None}
    if aggregation is None:
        if given:
            raise UserError(f"{OPTIONS[min(given)]}: of what? Name an --aggregation as well")
        return None
    if lacking := [key for key in NEEDED[aggregation] if key not in given]:
        raise UserError(f"--aggregation {aggregation} needs {OPTIONS[lacking[0]]}")
    if more := [key for key in given if key not in ALLOWED[aggregation]]:
        raise UserError(f"--aggregation {aggregation} takes no {OPTIONS[more[0]]}: leave it out")
    if window is not None and stride is not None and stride > window:
        raise UserError(f"--stride {stride} is more than --window {window}: set it to at most that")
    return Scoring(aggregation, **given)


def _check_checkpoint(checkpoint: Path) -> None:
    """Check that a checkpoint is a folder, and that one of an experiment has its files.

    Raises:
        UserError: it is not, or one is missing.
    """
    if not checkpoint.is_dir():
        raise UserError(
            f"{checkpoint} is no folder here: name one of checkpoints/ or hub/ of an experiment, "
            "or a cross-encoder that was downloaded"
        )
    if not _is_native(checkpoint):
        return
    for path in (*(checkpoint / name for name in OF_MODEL), *weight_files(checkpoint)):
        if not path.is_file():
            raise UserError(f"{checkpoint} is no whole checkpoint: {path.name} is missing")


def _is_native(checkpoint: Path) -> bool:
    """Return whether a checkpoint was made by an experiment: trained, imported, or a start."""
    return any((checkpoint / name).exists() for name in (SETTINGS, SUMS))


def _native(checkpoint: Path, scratch: Path) -> Path:
    """Return a checkpoint, that of others as an experiment has it, in a scratch folder.

    Raises:
        UserError: it is no cross-encoder that can be taken over.
    """
    if _is_native(checkpoint):
        return checkpoint
    length = _own_length(checkpoint)
    import_checkpoint(checkpoint, scratch / "checkpoint", length, key="checkpoint")
    print(f"{checkpoint} is not of an experiment; pairs are cut at {length} tokens.")
    return scratch / "checkpoint"


def _own_length(checkpoint: Path) -> int:
    """Return the tokens that a pair may have by what a checkpoint of others says of itself."""
    found = [LENGTH]
    for name, key in LENGTHS.items():
        if (checkpoint / name).is_file():
            found.append(read_json(checkpoint / name, "restore it").get(key) or LENGTH)
    return min(found)


def _check_output(output: Path, inputs: Iterable[str | os.PathLike]) -> None:
    """Refuse what a run file cannot be written to, before hours of scoring.

    Raises:
        UserError: it is an input, no file, or has the name of a packed file.
    """
    if output.suffix in PACKED:
        raise UserError(f"{output}: what is written is not packed: name it without {output.suffix}")
    if output.exists():
        if not stat.S_ISREG(output.stat().st_mode):
            raise UserError(f"{output} is no file, and cannot be replaced by one: name another")
        if any(Path(each).exists() and output.samefile(each) for each in inputs):
            raise UserError(
                f"{output} is an input, which would be overwritten: name another output"
            )


def choose(device: str) -> torch.device:
    """Return the device of this name; `auto` is a GPU where one computes.

    Raises:
        UserError: a GPU is asked for, and none computes.
    """
    if device == "cpu":
        return torch.device("cpu")
    found = look(gpus=1)
    if found["found"] == COMPUTES:
        return torch.device("cuda", 0)
    told = "torch sees no GPU" if found["found"] == ABSENT else found["told"]
    if device == "cuda":
        raise UserError(f"--device cuda: {told}; --device cpu computes without")
    if found["found"] != ABSENT:
        print(f"The GPU is left alone: {told}")
    return torch.device("cpu")


def _told(place: torch.device) -> str:
    return torch.cuda.get_device_name(place) if place.type == "cuda" else "the CPU"


def precision_of(checkpoint: Path) -> str:
    """Return the precision that a checkpoint was trained and scored with, auto where none is told.

    Raises:
        UserError: its settings are damaged.
    """
    settings = checkpoint / SETTINGS
    if not settings.exists():
        return "auto"
    return read_json(settings, "restore it")["precision"]


def digest(checkpoint: Path) -> str:
    """Return the SHA-256 of the names and contents of a checkpoint's files.

    Those aside that only its training goes on from.
    """
    files = (path for path in checkpoint.rglob("[!.]*") if path.is_file())
    lines = [
        f"{path.relative_to(checkpoint)} {sha256(path)}\n"
        for path in sorted(files)
        if path.name not in OF_TRAINING
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
