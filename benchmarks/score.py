"""Scoring: the workflow's own beside sentence-transformers' CrossEncoder.predict.

The same candidates, of MS MARCO's lengths, are scored in turn by each, tokenisation included and
loading not. It is first checked that ours gives the scores of predict in fp32. By default it takes
some six minutes for minilm on two CPU cores, and ten times as long for the other two models. Run
with `make bench-score`.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import numpy as np
import pandas as pd
import torch
from alternate import Contender, alternate, in_a_new_process, report
from inputs import write_candidates
from models import checkpoint, composed, operations
from sentence_transformers.cross_encoder import CrossEncoder
from shared import DTYPES, Counter, Repeat, fastest, options, utilisation
from torch.profiler import profile
from transformers.utils import is_flash_attn_2_available

from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.device import prepare
from lionrank.evaluation.trec_eval import averages, evaluate
from lionrank.reranking import score as reranking

OURS = "ours"
ATTENTION = "aten::_scaled_dot_product"
PAIRS = {"cpu": 512, "cuda": 50_000}
BATCH_SIZES = {"cpu": (16, 32, 64, 128), "cuda": (32, 64, 128, 256, 512, 1024)}
WORKERS = {"cpu": 0, "cuda": 4}
CHECKED = 128
CANDIDATES = 16
TOLERANCES = {"fp32": 1e-5, "bf16": 1e-2}
MEASURES = ("ndcg_cut_10", "recip_rank")
# By torch's names for what computes on a CPU; all else is other.
KINDS = {
    "linear layers": {"mkldnn::_linear_pointwise", "aten::addmm", "aten::mm"},
    "attention": {"aten::bmm", "aten::_softmax", f"{ATTENTION}_flash_attention_for_cpu"},
    "activations": {"aten::gelu", "aten::tanh"},
    "layer norm": {"aten::native_layer_norm"},
    "copies and conversions": {"aten::copy_", "aten::cat", "aten::index_select", "aten::index"},
    "sums and products of elements": {"aten::add", "aten::add_", "aten::mul", "aten::mul_"},
}


def prepare_ours(model: str, candidates: str, precision: str, device: str, threads: int) -> Repeat:
    """Return what scores a file of candidates as the workflow does."""
    where = prepare(threads, gpus=int(device == "cuda"))
    loaded = cross_encoder.load(model, where)
    counter = Counter(loaded)
    hardware = {"tokens_at_once": None, "workers": WORKERS[device]}

    def repeat() -> dict[str, float]:
        scores = reranking.scores(loaded, candidates, precision, hardware).scores
        return {"pairs": len(scores), **counter.take()}

    return repeat


def load_peer(model: str, form: str, device: str) -> CrossEncoder:
    """Return the cross-encoder of a peer: fp32, autocast, bf16 or flattened."""
    if form == "flattened":
        return composed(model, device, "flash_attention_2", torch.bfloat16)
    arguments = {"dtype": DTYPES.get(form, torch.float32), "attn_implementation": "sdpa"}
    return CrossEncoder(model, device=device, local_files_only=True, model_kwargs=arguments)


def prepare_peer(
    model: str, candidates: str, form: str, batch_sizes: Sequence[int], device: str, threads: int
) -> Repeat:
    """Return what scores a file of candidates by predict, with the fastest of the batch sizes."""
    prepare(threads, gpus=int(device == "cuda"))
    loaded = load_peer(model, form, device)
    pairs = read_pairs(candidates)
    # As long as several of the largest batches.
    some = pairs[: 2 * max(batch_sizes)]
    size = min(batch_sizes, key=lambda size: _seconds(loaded, some, size, form))
    if len(batch_sizes) > 1:
        print(f"predict, {form}: fastest with batches of {size}", file=sys.stderr)
    counter = Counter(loaded)

    def repeat() -> dict[str, float]:
        scores = predict(loaded, pairs, size, form)
        return {"pairs": len(scores), **counter.take()}

    return repeat


def _seconds(model: CrossEncoder, pairs: list[tuple[str, str]], size: int, form: str) -> float:
    predict(model, pairs[:size], size, form)
    start = time.perf_counter()
    predict(model, pairs, size, form)
    return time.perf_counter() - start


def predict(
    model: CrossEncoder, pairs: list[tuple[str, str]], batch_size: int, form: str
) -> np.ndarray:
    """Return the logits [pairs] that CrossEncoder.predict gives."""
    autocast = form == "autocast"
    with torch.autocast(model.device.type, torch.bfloat16) if autocast else nullcontext():
        return model.predict(
            pairs,
            batch_size=batch_size,
            activation_fn=torch.nn.Identity(),
            show_progress_bar=False,
        )


def read_pairs(candidates: str) -> list[tuple[str, str]]:
    """Return query and passage of each candidate."""
    table = pd.read_parquet(candidates, columns=["query", "passage"])
    return list(table.itertuples(index=False, name=None))


def prepare_check(model: str, candidates: str, device: str, threads: int) -> Repeat:
    """Return what compares the scores of ours with those of predict in fp32.

    Of topics of `CANDIDATES` candidates, the first of which is relevant, the measures must be the
    same to four digits in fp32.
    """
    where = prepare(threads, gpus=int(device == "cuda"))

    def repeat() -> dict[str, float]:
        pairs = read_pairs(candidates)[:CHECKED]
        expected = predict(load_peer(model, "fp32", device), pairs, 32, "fp32")
        loaded = cross_encoder.load(model, where)
        hardware = {"tokens_at_once": None, "workers": 0}
        facts: dict[str, float] = {}
        for precision in dict.fromkeys(("fp32", fastest(device))):
            tolerance = TOLERANCES[precision]
            found = reranking.scores(
                loaded, candidates, precision, hardware, slice(0, CHECKED)
            ).scores
            facts[f"{precision} off by"] = off = float(np.abs(found.numpy() - expected).max())
            if not off <= tolerance:
                raise ValueError(
                    f"in {precision} a score of ours is {off:.2g} off predict's in "
                    f"fp32, more than {tolerance:g}"
                )
            if precision == "fp32" and (ours := measures(found)) != (theirs := measures(expected)):
                raise ValueError(f"ours has {ours}, predict has {theirs}")
        return facts | {"their deviation": float(expected.std())} | measures(expected)

    return repeat


def measures(scores: Sequence[float]) -> dict[str, float]:
    """Return the means of `MEASURES` over made-up topics, to four digits."""
    qrels: dict[str, dict[str, int]] = {}
    run: dict[str, dict[str, float]] = {}
    for row, value in enumerate(scores):
        topic, candidate = map(str, divmod(row, CANDIDATES))
        qrels.setdefault(topic, {})[candidate] = int(candidate == "0")
        run.setdefault(topic, {})[candidate] = float(value)
    means = averages(evaluate(qrels, run, level=1, complete=True))
    return {name: round(means[name], 4) for name in MEASURES}


def kinds(model: str, candidates: str, threads: int) -> dict[str, float]:
    """Return the microseconds that ours takes on a CPU for each of `KINDS`, and for all else."""
    repeat = prepare_ours(model, candidates, "auto", "cpu", threads)
    repeat()
    with profile() as seen:
        repeat()
    spent = dict.fromkeys([*KINDS, "other"], 0.0)
    for each in seen.key_averages():
        kind = next((name for name, own in KINDS.items() if each.key in own), "other")
        spent[kind] += each.self_cpu_time_total
    return spent


def print_kinds(spent: Mapping[str, float]) -> None:
    """Print a row a kind of computation, with its share of the time in torch's functions."""
    print(f"\n| where {OURS} spends its time | % |\n|---|---|")
    for name, own in spent.items():
        print(f"| {name} | {100 * own / sum(spent.values()):.1f} |")


def contenders(model: str, candidates: str, device: str, threads: int) -> list[Contender]:
    """Return ours and its peers, the main one last."""
    common = {"model": model, "candidates": candidates, "device": device, "threads": threads}

    def ours(name: str, precision: str) -> Contender:
        return Contender(name, prepare_ours, {"precision": precision, **common})

    def peer(name: str, form: str, batch_sizes: Sequence[int]) -> Contender:
        arguments = {"form": form, "batch_sizes": batch_sizes, **common}
        return Contender(name, prepare_peer, arguments)

    sizes = BATCH_SIZES[device]
    default = peer("predict, default (fp32, 32)", "fp32", [32])
    form = fastest(device)
    best = peer(f"predict, {form}, best batch", form, sizes)
    if form == "fp32":
        return [ours(OURS, form), best, default]
    if device == "cpu":
        both = [ours(OURS, "auto"), ours("ours, fp32", "fp32")]
        return [*both, peer("predict, autocast, best batch", "autocast", sizes), best, default]
    flattened = [peer("predict, flattened, best batch", "flattened", sizes)]
    return [ours(OURS, "auto"), default, *(flattened if is_flash_attn_2_available() else []), best]


def main() -> None:
    chosen = options(__doc__, PAIRS)
    model = str(checkpoint(chosen.model, chosen.folder))
    candidates = str(write_candidates(chosen.folder, chosen.pairs))
    where = {"candidates": candidates, "device": chosen.device, "threads": chosen.threads}
    check = Contender("check", prepare_check, {"model": model, **where})
    (checked,) = alternate([check], 1, warm_up=0)["check"]
    told = ", ".join(f"{name} {value:.2g}" for name, value in checked.facts.items())
    print(f"{CHECKED} scores of ours beside predict's in fp32: {told}")
    results = alternate(contenders(model, **where), chosen.repeats)
    torch.set_num_threads(chosen.threads)
    lengths = pd.read_parquet(candidates)["tokens"].to_numpy()
    columns = utilisation(operations(model, lengths), chosen.device)
    title = f"Scoring, {chosen.model}, {chosen.pairs:,} pairs, {chosen.threads} threads"
    if chosen.device == "cpu":
        print_kinds(in_a_new_process(kinds, model, candidates, chosen.threads))
    report(title, results, OURS, "pairs", columns)


if __name__ == "__main__":
    main()
