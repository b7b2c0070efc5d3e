"""Scoring candidates with a checkpoint: logits in float32, without padding where the model can."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import pyarrow as pa
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from lionrank import parquet
from lionrank.config.scorings import Division, Scoring
from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.device import autocast
from lionrank.cross_encoder.packed import packed
from lionrank.errors import Diverged
from lionrank.reranking import windows
from lionrank.reranking.batches import Batches, Pairs, Places, Windows
from lionrank.reranking.journal import Journal
from lionrank.reranking.lengths import Lengths, Scores


class Scored(NamedTuple):
    """A batch of texts that have logits [texts], which may be on a GPU."""

    places: Places
    logits: Tensor


def score(
    checkpoint: str | os.PathLike,
    candidates: str | os.PathLike,
    precision: str,
    hardware: Mapping[str, Any],
    device: torch.device,
    rows: slice | None = None,
    how: Scoring | None = None,
) -> Scores:
    """Return the score of each row of a Parquet file (columns query and passage), in their order.

    The raw logit in float32 is the score, whatever the precision: a sigmoid would saturate.
    `hardware` has the config's keys workers and tokens_at_once. Of `rows`, all where it is None,
    start and stop count. Without a scoring, query and passage are cut at the checkpoint's own
    length. What was left out is printed.

    Raises:
        Diverged: a logit is NaN or infinite, by which nothing can be ranked.
        UserError: the model lacks the positions that the scoring needs.
    """
    model = cross_encoder.load(checkpoint, device)
    found = scores(model, candidates, precision, hardware, rows, how)
    check_finite(found.scores, checkpoint)
    print(f"{candidates}: {found.lengths.told()}")
    return found


def score_windows(
    checkpoint: str | os.PathLike,
    candidates: str | os.PathLike,
    precision: str,
    hardware: Mapping[str, Any],
    device: torch.device,
    division: Division,
    rows: slice | None = None,
) -> pa.Table:
    """Return the logits of all windows of candidates, as `parquet.WINDOWS`; else as `score`.

    Raises:
        Diverged: a logit is NaN or infinite.
        UserError: the model lacks the positions that a window and a query need.
    """
    model = cross_encoder.load(checkpoint, device)
    place = _range(candidates, rows)
    lacking = torch.ones(len(place), dtype=torch.bool)
    batches = Windows(candidates, place, model, hardware, lacking, division)
    scored = [*_stream(model, batches, precision, hardware)]
    if not scored:
        return parquet.WINDOWS.empty_table()
    columns = _in_order(scored)
    check_finite(columns["logit"], checkpoint)
    print(f"{candidates}: {windows.lengths(columns).told()}")
    ids = parquet.read(candidates, parquet.of_candidates("qid", "docid"))
    of_windows = ids.take(pa.array(columns.pop("row").numpy()))
    told = {name: pa.array(values.numpy()) for name, values in columns.items()}
    told |= {name: of_windows[name] for name in of_windows.column_names}
    return pa.table(told).select(parquet.WINDOWS.names).cast(parquet.WINDOWS)


def check_finite(found: Tensor, checkpoint: str | os.PathLike) -> None:
    """Check that candidates can be ranked by their logits.

    Raises:
        Diverged: one is.
    """
    wrong = found[~found.isfinite()]
    if len(wrong):
        raise Diverged(
            f"{checkpoint}: {len(wrong):,} of {len(found):,} logits are not finite "
            f"({wrong[0]:f}): the training diverged, or the weights are damaged: see the log of "
            "the training; lower its learning_rate in the config, or delete the checkpoint and run "
            "again."
        )


def scores(
    model: cross_encoder.CrossEncoder,
    candidates: str | os.PathLike,
    precision: str,
    hardware: Mapping[str, Any],
    rows: slice | None = None,
    how: Scoring | None = None,
    journal: Journal | None = None,
) -> Scores:
    """Return the scores of a model that is loaded, finite or not; else as `score`.

    A journal, which is of all rows, has those of earlier, and is given the others as they come;
    the lengths are of these.
    """
    place = _range(candidates, rows)
    found = torch.full((len(place),), torch.nan) if journal is None else journal.scores
    batches: Batches
    finish: Callable[[list[Scored]], tuple[Tensor, Scores, list[Scored]]]
    if how is not None and how.division is not None:
        batches = Windows(candidates, place, model, hardware, found.isnan(), how.division)
        finish = partial(_of_windows, how=how)
    else:
        batches = Pairs(candidates, place, model, hardware, found.isnan(), how)
        finish = _of_pairs
    lengths, waiting = Lengths(), list[Scored]()
    for scored in _stream(model, batches, precision, hardware):
        waiting.append(scored)
        if journal is not None and journal.is_due():
            some, done, waiting = finish(waiting)
            if len(some):
                journal.add(some, done.scores)
            lengths += done.lengths
    if waiting:
        some, done, _ = finish(waiting)
        found[some - place.start] = done.scores
        lengths += done.lengths
    return Scores(found, lengths)


def _range(candidates: str | os.PathLike, rows: slice | None) -> range:
    return range(*(rows or slice(None)).indices(parquet.count(candidates)))


def _stream(
    model: cross_encoder.CrossEncoder,
    batches: Batches,
    precision: str,
    hardware: Mapping[str, Any],
) -> Iterator[Scored]:
    """Yield the logits of batches, left on their device, so that a GPU is not waited for."""
    lacking = int(batches.lacking.sum())
    done = len(batches.rows) - lacking
    with (
        tqdm(total=len(batches.rows), initial=done, desc="scoring", unit="pair") as bar,
        # Under inference_mode autocast would convert the weights again for each batch.
        torch.no_grad(),
        autocast(model.device, precision),
        packed(model, precision),
    ):
        for places, batch in DataLoader(
            batches, batch_size=None, num_workers=hardware["workers"], generator=torch.Generator()
        ):
            yield Scored(places, model.logits(batch))
            bar.update(batches.pairs_of(places))


def _of_pairs(scored: Sequence[Scored]) -> tuple[Tensor, Scores, list[Scored]]:
    """Return the rows of pairs, their scores, and nothing that is left."""
    columns = _put_together(scored)
    tokens, read = columns["tokens"], columns["read"]
    lengths = Lengths.of(tokens, tokens - read, columns["cut_query"], read)
    return columns["row"], Scores(columns["logit"], lengths), []


def _of_windows(scored: Sequence[Scored], how: Scoring) -> tuple[Tensor, Scores, list[Scored]]:
    """Return the rows of documents all of whose windows are there, their scores, and the others."""
    columns = _in_order(scored)
    _, place, counts = columns["row"].unique_consecutive(return_inverse=True, return_counts=True)
    is_whole = counts[place] == columns["windows"]
    whole, rest = (
        {name: values[kept] for name, values in columns.items()} for kept in (is_whole, ~is_whole)
    )
    logits = rest.pop("logit")
    others = [Scored(rest, logits)] if len(logits) else []
    return whole["row"][whole["window"] == 0], windows.scores(whole, how), others


def _in_order(scored: Sequence[Scored]) -> dict[str, Tensor]:
    """Return the columns of windows with their logits, in the order of rows and of windows."""
    columns = _put_together(scored)
    by_window = columns["window"].argsort()
    order = by_window[columns["row"][by_window].argsort(stable=True)]
    return {name: values[order] for name, values in columns.items()}


def _put_together(scored: Sequence[Scored]) -> dict[str, Tensor]:
    columns = {name: torch.cat([each.places[name] for each in scored]) for name in scored[0].places}
    return columns | {"logit": torch.cat([each.logits for each in scored]).cpu()}
