"""Training and scoring, on tiny models: chains of epochs, schedules, the log, the scores."""

import math
import shutil
import time

import numpy as np
import pandas as pd
import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file
from sentence_transformers import CrossEncoder
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from lionrank.cross_encoder import initialise as models
from lionrank.cross_encoder import model as cross_encoder
from lionrank.errors import UserError
from lionrank.reranking import batches
from lionrank.reranking import score as reranking
from lionrank.training import losses
from tests.support import tiny_training as tiny

CPU = torch.device("cpu")
STEPS = math.ceil(14 / 4)
"""Of an epoch of the 14 pairs."""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tiny.write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """The e0 checkpoint of each architecture."""
    folder = tmp_path_factory.mktemp("starts")
    for name in tiny.ARCHITECTURES:
        tiny.write_start(folder / name, name)
    return folder


@pytest.mark.parametrize("optimizer", tiny.OPTIMIZERS)
def test_a_chain_of_epoch_jobs_gives_the_bits_of_one_process(starts, data, tmp_path, optimizer):
    settings = {"optimizer": tiny.OPTIMIZERS[optimizer], "epochs": 3}
    whole = tiny.train(starts / "bert", data, 3, tmp_path / "whole", **settings)
    last = tiny.chain(starts / "bert", data, folder=tmp_path / "chain", **{**settings, "epochs": 3})
    tiny.assert_same_bits(whole, last)
    parts = [last.with_name(f"{last.name[:-1]}{epoch}") for epoch in (1, 2, 3)]
    assert not tiny.same_weights(parts[1], last)
    together = [line for part in parts for line in tiny.steps(part)]
    assert tiny.timeless(tiny.steps(whole)) == tiny.timeless(together)
    assert [line["step"] for line in together] == list(range(1, 3 * STEPS + 1))


@pytest.mark.parametrize("schedule", [{"warmup": 2}, {"warmup": 0.25, "schedule_steps": 20}])
def test_without_a_share_of_all_steps_an_epoch_is_the_same_however_many_follow(
    starts, data, tmp_path, schedule
):
    settings = {"schedule": "none", **schedule}
    three, four = (
        tiny.chain(starts / "bert", data, epochs, tmp_path / str(epochs), **settings)
        for epochs in (3, 4)
    )
    third = four.with_name(four.name.replace("e4", "e3"))
    tiny.assert_same_bits(three, third)
    assert tiny.timeless(tiny.log(three)) == tiny.timeless(tiny.log(third))
    written = [(each / "settings.json").read_bytes() for each in (three, third, four)]
    assert written[0] == written[1] == written[2]


def test_a_schedule_that_falls_to_the_last_step_tells_how_many_follow(starts, data, tmp_path):
    settings = {"schedule": "linear", "warmup": 0}
    two, one = (
        tiny.train(starts / "bert", data, 1, tmp_path / str(epochs), epochs=epochs, **settings)
        for epochs in (2, 1)
    )
    assert not tiny.same_weights(two, one)


def test_processes_that_tokenise_change_nothing(starts, data, tmp_path):
    alone = tiny.train(starts / "bert", data, 2, tmp_path / "alone")
    helped = tiny.train(starts / "bert", data, 2, tmp_path / "helped", workers=4)
    tiny.assert_same_bits(alone, helped)


@pytest.mark.parametrize("architecture", ["bert", "gte", "modernbert"])
def test_every_architecture_trains_and_scores(starts, data, tmp_path, architecture):
    checkpoint = tiny.train(starts / architecture, data, 1, tmp_path, precision="bf16")
    assert not tiny.same_weights(starts / architecture, checkpoint)
    # Trap 5 of the protocol: weights stay float32, bf16 is the arithmetic's alone.
    assert {weight.dtype for weight in load_file(checkpoint / "model.safetensors").values()} == {
        torch.float32
    }
    candidates = pd.read_parquet(data["pairs"])
    candidates.loc[0, "passage"] = "lion " * 20_000  # 100,000 characters
    candidates.to_parquet(tmp_path / "candidates.parquet")
    scores = reranking.score(
        checkpoint, tmp_path / "candidates.parquet", "fp32", tiny.HARDWARE, CPU
    ).scores.tolist()
    assert np.isfinite(scores).all()
    peer = CrossEncoder(str(checkpoint), device="cpu", activation_fn=torch.nn.Identity())
    texts = list(zip(candidates["query"], candidates["passage"], strict=True))
    assert scores == pytest.approx(peer.predict(texts, batch_size=1).tolist(), abs=1e-5)


def rates(records):
    return [record["lr"] for record in records]


@pytest.mark.parametrize("optimizer", ["adamw", "lion"])
@pytest.mark.parametrize("schedule", ["none", "linear", "cosine"])
def test_the_logged_rate_is_that_of_the_optimizer_that_made_the_step(
    starts, data, tmp_path, monkeypatch, schedule, optimizer
):
    """Traps 1 and 2: the schedule moves this optimizer, over the steps that are really made."""
    used = []
    kind = {"adamw": torch.optim.AdamW}.get(optimizer)
    if kind is None:
        from lionrank.training.optimizers import ForeachLion as kind
    original = kind.step

    def step(self, *arguments, **keywords):
        used.append(self.param_groups[0]["lr"])
        return original(self, *arguments, **keywords)

    monkeypatch.setattr(kind, "step", step)
    changes = {"schedule": schedule, "optimizer": tiny.OPTIMIZERS[optimizer]}
    records = tiny.steps(tiny.train(starts / "bert", data, 2, tmp_path, **changes))
    tried, *used = used  # the one that is made with weights of its own
    assert tried == tiny.SETTINGS["learning_rate"]
    assert rates(records) == used
    total, warmup = 2 * STEPS, math.ceil(0.25 * 2 * STEPS)
    rising = [done / warmup for done in range(warmup)]
    done = [(step - warmup) / (total - warmup) for step in range(warmup, total)]
    falling = {
        "none": [1.0 for _ in done],
        "linear": [1 - share for share in done],
        "cosine": [(1 + math.cos(math.pi * share)) / 2 for share in done],
    }
    expected = [1e-3 * share for share in rising + falling[schedule]]
    assert used == pytest.approx(expected)
    assert records[-1]["examples"] == 2 * 14


@pytest.mark.parametrize(
    ("schedule", "shares"),
    [("none", [0, 1, 1, 1]), ("linear", [0, 1, 2 / 3, 1 / 3]), ("cosine", [0, 1, 0.75, 0.25])],
)
def test_a_schedule_that_restarts_spans_each_epoch(starts, data, tmp_path, schedule, shares):
    """Of four steps an epoch, the first one is the warm-up; steps are counted on."""
    changes = {"schedule": schedule, "restarts": "each_epoch"}
    last = tiny.chain(starts / "bert", data, 3, tmp_path, **changes)
    parts = [last.with_name(f"{last.name[:-1]}{epoch}") for epoch in (1, 2, 3)]
    for number, part in enumerate(parts):
        assert rates(tiny.steps(part)) == pytest.approx([1e-3 * share for share in shares])
        (group,) = torch.load(part / "optimizer.pt", weights_only=True)["param_groups"]
        # That of the step after the last.
        assert group["lr"] == pytest.approx(1e-3 if schedule == "none" else 0, abs=1e-12)
        steps = [line["step"] for line in tiny.steps(part)]
        assert steps == [number * STEPS + step for step in (1, 2, 3, 4)]
    assert tiny.steps(last)[-1]["examples"] == 3 * 14


def as_start(checkpoint, start, folder):
    """Copy no more of a checkpoint than an e0 has: weights and tokenizer."""
    folder.mkdir()
    for path in start.iterdir():
        shutil.copy2(checkpoint / path.name, folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adamw", "lion"])
def test_an_epoch_that_restarts_has_the_bits_of_a_training_of_its_own(
    starts, data, tmp_path, optimizer
):
    settings = {"optimizer": tiny.OPTIMIZERS[optimizer], "restarts": "each_epoch"}
    last = tiny.chain(starts / "bert", data, 2, tmp_path / "restarted", **settings)
    settings["restarts"] = None
    first = tiny.chain(starts / "bert", data, 1, tmp_path / "first", **settings)
    own = as_start(first, starts / "bert", tmp_path / "own")
    second = tiny.chain(own, data, 1, tmp_path / "second", **settings)
    tiny.assert_same_bits(first, last.with_name(last.name.replace("e2", "e1")))
    tiny.assert_same_bits(second, last)
    on = tiny.chain(starts / "bert", data, 2, tmp_path / "on", **settings)
    assert not tiny.same_weights(on, last)


def test_an_epoch_that_restarts_is_the_same_however_many_follow(starts, data, tmp_path):
    settings = {"restarts": "each_epoch"}
    two, one = (
        tiny.train(starts / "bert", data, 1, tmp_path / str(epochs), epochs=epochs, **settings)
        for epochs in (2, 1)
    )
    tiny.assert_same_bits(two, one)
    assert (two / "settings.json").read_bytes() == (one / "settings.json").read_bytes()


def test_an_epoch_restarts_from_the_one_before_alone(starts, data, tmp_path):
    with pytest.raises(ValueError, match="epoch 2 restarts from the epoch before"):
        tiny.train(starts / "bert", data, 2, tmp_path, restarts="each_epoch")


def test_a_warm_up_is_a_share_of_the_steps_or_their_number(starts, data, tmp_path):
    share = tiny.train(starts / "bert", data, 1, tmp_path / "share", warmup=0.25)
    number = tiny.train(starts / "bert", data, 1, tmp_path / "number", warmup=2)
    none = tiny.train(starts / "bert", data, 1, tmp_path / "none", warmup=0)
    assert rates(tiny.steps(share)) == rates(tiny.steps(number))
    assert rates(tiny.steps(share))[:3] == pytest.approx([0, 5e-4, 1e-3])
    assert rates(tiny.steps(none))[0] == 1e-3


def test_a_schedule_may_be_laid_out_over_more_steps_than_are_run(starts, data, tmp_path):
    """As in the authors' code: T_max 93,750 where 31,092 steps are run, here 24 where 8 are."""
    changes = {"schedule": "cosine", "schedule_steps": 24, "warmup": 0}
    last = tiny.chain(starts / "bert", data, 2, tmp_path, **changes)
    first = last.with_name(last.name.replace("e2", "e1"))
    used = rates(tiny.steps(first) + tiny.steps(last))
    expected = [1e-3 * (1 + math.cos(math.pi * k / 24)) / 2 for k in range(8)]
    assert used == pytest.approx(expected)
    assert used[-1] > 0.75 * 1e-3


@pytest.mark.parametrize("max_grad_norm", [1.0, 0.0])
def test_the_norm_and_the_clipping_of_gradients_count_as_time_of_the_optimizer(
    starts, data, tmp_path, monkeypatch, max_grad_norm
):
    """Also where nothing is clipped: the norm is computed for the log."""
    clip = Accelerator.clip_grad_norm_

    def clip_slowly(*arguments, **keywords):
        time.sleep(0.05)
        return clip(*arguments, **keywords)

    monkeypatch.setattr(Accelerator, "clip_grad_norm_", clip_slowly)
    records = tiny.steps(
        tiny.train(starts / "bert", data, 1, tmp_path, max_grad_norm=max_grad_norm)
    )
    assert all(record["seconds_optimizer"] >= 0.05 for record in records)
    assert all(record["examples_per_second"] <= 4 / 0.05 for record in records)


@pytest.mark.parametrize(
    "limit",
    [
        *({"per_device_batch": pairs} for pairs in (1, 2, 3)),
        *({"tokens_at_once": tokens} for tokens in (1, 20, 40)),
    ],
)
def test_the_global_batch_stays_when_a_device_computes_fewer_pairs_at_once(
    starts, data, tmp_path, limit
):
    """Trap 3: it is the setting, and the steps and their rates are the same."""
    start = starts / "bert_without_dropout"
    whole = tiny.train(start, data, 2, tmp_path / "whole")
    parts = tiny.train(start, data, 2, tmp_path / "parts", **limit)
    assert rates(tiny.steps(parts)) == rates(tiny.steps(whole))
    for name, closeness in (("loss", 1e-5), ("grad_norm", 1e-4)):
        expected = [line[name] for line in tiny.steps(whole)]
        assert [line[name] for line in tiny.steps(parts)] == pytest.approx(expected, rel=closeness)
    tokens = [[line["tokens"] for line in tiny.steps(each)] for each in (whole, parts)]
    assert tokens[0] == tokens[1]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("architecture", ["bert", "gte", "modernbert", "roberta"])
def test_layers_that_are_computed_again_are_not_kept_and_change_no_bit(
    starts, data, tmp_path, architecture, precision
):
    """BERT and RoBERTa have dropout, of attention too: it is drawn again as it was."""
    found = {}
    for again in (False, True):
        changes = {"gradient_checkpointing": again, "precision": precision}
        with (kept := Kept()):
            trained = tiny.train(starts / architecture, data, 1, tmp_path / str(again), **changes)
        found[again] = trained, kept.bytes
    (plain, all_kept), (checkpointed, kept) = found[False], found[True]
    tiny.assert_same_bits(plain, checkpointed)
    assert tiny.timeless(tiny.steps(plain)) == tiny.timeless(tiny.steps(checkpointed))
    assert kept < all_kept / 2


class Kept(torch.autograd.graph.saved_tensors_hooks):
    """Counts the bytes that are kept for backward passes."""

    def __init__(self):
        self.bytes = 0
        super().__init__(self.pack, lambda kept: kept)

    def pack(self, kept):
        self.bytes += kept.nbytes
        return kept


def test_a_later_epoch_may_compute_its_layers_again_and_has_the_same_bits(starts, data, tmp_path):
    whole = tiny.chain(starts / "bert", data, 2, tmp_path / "whole")
    first = tiny.train(starts / "bert", data, 1, tmp_path / "parts")
    parts = tiny.train(first, data, 2, tmp_path / "parts", gradient_checkpointing=True)
    tiny.assert_same_bits(whole, parts)


def test_the_gradient_norm_is_that_before_clipping(starts, data, tmp_path):
    clipped = tiny.train(starts / "bert", data, 1, tmp_path / "a", max_grad_norm=1e-3)
    whole = tiny.train(starts / "bert", data, 1, tmp_path / "b", max_grad_norm=1e9)
    first = [tiny.steps(each)[0]["grad_norm"] for each in (clipped, whole)]
    assert first[0] == first[1] > 0.1


def test_the_steps_after_the_last_full_interval_are_logged_at_the_end_of_the_epoch(
    starts, data, tmp_path
):
    every_step = tiny.steps(tiny.train(starts / "bert", data, 2, tmp_path / "a"))
    records = tiny.steps(tiny.train(starts / "bert", data, 2, tmp_path / "b", log_every=3))
    assert [record["step"] for record in records] == [3, 4, 6, 8]
    each = [record["loss"] for record in every_step]
    means = [sum(each[:3]) / 3, each[3], sum(each[4:6]) / 2, sum(each[6:]) / 2]
    assert [record["loss"] for record in records] == pytest.approx(means)


def test_the_log_ends_with_the_loss_on_held_out_pairs(starts, data, tmp_path):
    checkpoint = tiny.train(starts / "bert", data, 1, tmp_path)
    last = tiny.log(checkpoint)[-1]
    assert (last["step"], last["epoch"]) == (STEPS, 1)
    scores = reranking.score(checkpoint, data["held_out"], "fp32", tiny.HARDWARE, CPU).scores
    labels = torch.tensor(pd.read_parquet(data["held_out"])["label"].to_numpy()).float()
    expected = torch.nn.functional.binary_cross_entropy_with_logits(scores, labels)
    assert last["eval_loss"] == pytest.approx(expected.item(), rel=1e-5)


def test_where_no_pairs_are_held_out_there_is_no_loss_on_them(starts, data, tmp_path):
    none = tmp_path / "none.parquet"
    pd.read_parquet(data["held_out"]).head(0).to_parquet(none)
    checkpoint = tiny.train(starts / "bert", {**data, "held_out": str(none)}, 1, tmp_path)
    assert tiny.steps(checkpoint) == tiny.log(checkpoint)


def test_early_stopping_holds_for_the_chain_of_epoch_jobs(starts, data, tmp_path):
    changes = {"schedule": "none", "warmup": 0}
    second = tiny.chain(starts / "bert", data, 2, tmp_path, **changes)
    # As Snakemake does, which must not take the new folder for the old one.
    (second / ".snakemake_timestamp").touch()
    third = tiny.train(second, data, 3, tmp_path, stopped=True, **changes)
    fourth = tiny.train(third, data, 4, tmp_path, stopped=True, **changes)
    for checkpoint in (third, fourth):
        tiny.assert_same_bits(second, checkpoint)
        assert not (checkpoint / ".snakemake_timestamp").exists()
        assert tiny.log(checkpoint) == []
    patient = tiny.train(second, data, 3, tmp_path / "2", stopped=False, **changes)
    assert not tiny.same_weights(second, patient)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.slow
def test_a_training_that_has_stopped_asks_for_no_gpu_and_starts_no_process(
    starts, data, tmp_path, capfd
):
    with pytest.raises(UserError, match=r"hardware\.gpus is not 0"):
        tiny.train(starts / "bert", data, 3, tmp_path, gpus=2)
    capfd.readouterr()
    third = tiny.train(starts / "bert", data, 3, tmp_path, gpus=2, stopped=True)
    assert tiny.same_weights(starts / "bert", third)
    told = capfd.readouterr()
    assert told.out.count("Stopped early") == 1
    assert not told.err


def test_candidates_are_scored_in_chunks_as_they_are_in_one(starts, data, monkeypatch):
    whole = reranking.score(starts / "bert", data["pairs"], "fp32", tiny.HARDWARE, CPU).scores
    monkeypatch.setattr(batches, "CHUNK", 5)
    chunks = reranking.score(starts / "bert", data["pairs"], "fp32", tiny.HARDWARE, CPU).scores
    assert chunks.tolist() == pytest.approx(whole.tolist(), abs=1e-6)


def test_a_loss_without_a_formula_cannot_be_made():
    class Nothing(losses.Loss):
        pass

    with pytest.raises(TypeError, match="forward"):
        Nothing()


@pytest.mark.parametrize("lengths", [[3] * 6, [2, 3, 3, 4, 2, 3]])
@pytest.mark.parametrize("loss", [each for each in losses.LOSSES if each != "bce"])
def test_every_loss_is_learnt_from_lists(starts, tmp_path, loss, lengths):
    files = tiny.write_lists(tmp_path / "examples.parquet", lengths)
    changes = {"loss": loss, "learning_rate": 1e-2, "warmup": 0, "global_batch_size": 6}
    last = tiny.train(starts / "bert_without_dropout", files, 12, tmp_path, epochs=12, **changes)
    first = tiny.steps(last)[0]["loss"]
    assert tiny.log(last)[-1]["eval_loss"] < 0.9 * first


@pytest.mark.parametrize("loss", ["infonce", "ranknet"])
@pytest.mark.parametrize("start", ["bert_without_dropout", "modernbert"])
def test_a_list_that_is_longer_than_a_micro_batch_has_the_same_gradients(
    starts, tmp_path, loss, start
):
    files = tiny.write_lists(tmp_path / "examples.parquet", [5, 5, 2])
    changes = {"loss": loss, "learning_rate": 3e-2, "global_batch_size": 6}
    changes |= {"optimizer": tiny.OPTIMIZERS["sgd"]}
    whole, *parts = (
        tiny.train(starts / start, files, 1, tmp_path / str(number), **limit, **changes)
        for number, limit in enumerate(({}, {"per_device_batch": 2}, {"tokens_at_once": 20}))
    )
    weights, *of_parts = [load_file(each / "model.safetensors") for each in (whole, *parts)]
    counts, *of_steps = [
        {name: tiny.steps(each)[-1][name] for name in ("examples", "tokens", "padding")}
        for each in (whole, *parts)
    ]
    for found in of_parts:
        for name in weights:
            torch.testing.assert_close(weights[name], found[name], rtol=1e-4, atol=1e-6)
    assert of_steps == [counts] * 2


def test_a_list_in_parts_is_computed_twice_with_the_same_dropout(starts, tmp_path):
    files = tiny.write_lists(tmp_path / "examples.parquet", [6])
    scores = []

    def keep(module, inputs, output):
        if isinstance(module, cross_encoder.CrossEncoder) and module.body.training:
            scores.append(output.tolist())

    hook = torch.nn.modules.module.register_module_forward_hook(keep)
    changes = {"loss": "infonce", "global_batch_size": 6, "per_device_batch": 2}
    tiny.train(starts / "bert", files, 1, tmp_path, **changes)
    hook.remove()
    assert scores[:3] == scores[3:6]
    assert len(scores) == 6 and scores[1] != scores[2]


def test_a_tracker_gets_the_lines_of_the_log_in_one_run_for_all_epochs(starts, data, tmp_path):
    last = tiny.chain(starts / "bert", data, 2, tmp_path, tracking="tensorboard")
    first = last.with_name(last.name.replace("e2", "e1"))
    (run,) = (tmp_path / "training" / "tensorboard").iterdir()
    events = EventAccumulator(str(run))
    events.Reload()
    records = tiny.steps(first) + tiny.steps(last)
    for tag, name in (("train/loss", "loss"), ("train/lr", "lr"), ("train/tokens", "tokens")):
        found = {event.step: event.value for event in events.Scalars(tag)}
        expected = {record["step"]: record[name] for record in records}
        assert found == pytest.approx(expected)
    evaluated = {event.step: event.value for event in events.Scalars("eval/loss")}
    assert evaluated == pytest.approx(
        {STEPS * e: tiny.log(c)[-1]["eval_loss"] for e, c in ((1, first), (2, last))}
    )


def test_the_head_depends_on_the_seed_alone(starts, tmp_path):
    backbone = {"pretrained": None, "architecture": tiny.ARCHITECTURES["bert"]}
    backbone |= {"tokenizer": tiny.PACKAGE}
    models.initialise(backbone, {}, 12, 32, tmp_path / "same")
    models.initialise(backbone, {}, 13, 32, tmp_path / "other")
    assert tiny.same_weights(starts / "bert", tmp_path / "same")
    assert not tiny.same_weights(starts / "bert", tmp_path / "other")


def test_a_pretrained_model_keeps_its_weights_and_gets_a_new_head(tmp_path):
    pretrained = {"pretrained": tiny.PACKAGE, "architecture": None, "tokenizer": None}
    models.initialise(pretrained, {}, 12, 64, tmp_path / "e0")
    start = load_file(tmp_path / "e0" / "model.safetensors")
    source = load_file(models.locate(tiny.PACKAGE, {}) + "/model.safetensors")
    assert torch.equal(
        start["bert.encoder.layer.0.output.dense.weight"],
        source["encoder.layer.0.output.dense.weight"],
    )
    assert {name for name in start if name.startswith("classifier")} == {
        "classifier.weight",
        "classifier.bias",
    }


def test_a_checkpoint_loads_in_plain_sentence_transformers_and_names_no_path_of_here(
    starts, data, tmp_path
):
    checkpoint = tiny.train(starts / "bert", data, 1, tmp_path)
    assert np.isfinite(CrossEncoder(str(checkpoint), device="cpu").predict([("a", "b")])).all()
    assert {path.name for path in checkpoint.iterdir()} == {
        *("config.json", "environment.json", "model.safetensors", "optimizer.pt"),
        *("progress.json", "rng_state.pth", "scheduler.pt", "settings.json", "tokenizer.json"),
        *("tokenizer_config.json", "trainer_state.json", "modules.json"),
        *("config_sentence_transformers.json", "sentence_bert_config.json"),
    }
    texts = [path for path in checkpoint.iterdir() if path.suffix in (".json", ".md")]
    assert not [path for path in texts if str(tmp_path) in path.read_text(encoding="utf-8")]
