"""Backbones: the three published architectures, natively, from folders as downloads leave them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from lionrank.cross_encoder import device
from lionrank.cross_encoder import initialise as models
from lionrank.errors import UserError
from tests.support import architectures
from tests.support.published_backbones import (
    PUBLISHED,
    SMALL,
    as_described,
    publish,
    write_gte_tokenizer,
)
from tests.support.rerankers import PACKAGE, score, start


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A small checkpoint of each backbone, in the form of the published one."""
    device.prepare(threads=1, gpus=0)
    root = tmp_path_factory.mktemp("sources")
    return {name: str(publish(root / name, name, SMALL)) for name in PUBLISHED}


def changed(published: dict, name: str, folder: Path, **settings) -> dict:
    """A copy of a published source whose config.json has other settings; None removes a key."""
    folder.mkdir()
    for file in Path(published[name]).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    config = json.loads((folder / "config.json").read_text()) | settings
    kept = {key: value for key, value in config.items() if value is not None}
    (folder / "config.json").write_text(json.dumps(kept))
    return {name: str(folder)}


def test_gte_gives_the_hidden_states_of_its_original(published, tmp_path):
    config = PUBLISHED["gte"] | SMALL
    weights = load_file(Path(published["gte"]) / "model.safetensors")
    ids = torch.randint(2, SMALL["vocab_size"], (2, 300), generator=torch.manual_seed(3))
    mask = (torch.arange(300) < torch.tensor([[40], [300]])).long()
    ids[mask == 0] = config["pad_token_id"]
    expected = as_described(weights, config, ids, mask)

    def largest_difference(checkpoint):
        model = AutoModelForSequenceClassification.from_pretrained(checkpoint)
        with torch.inference_mode():
            states = model.gte(ids, attention_mask=mask).last_hidden_state
        return (states - expected)[mask == 1].abs().max().item()

    checkpoint = start(published, "gte", tmp_path / "e0")
    assert largest_difference(checkpoint) < 1e-5
    stated = json.loads((checkpoint / "config.json").read_text())
    stated["rope_parameters"] = {"rope_type": "default", "rope_theta": 160000.0}
    (checkpoint / "config.json").write_text(json.dumps(stated))
    assert largest_difference(checkpoint) > 1e-4


def test_every_weight_of_gte_lands_where_it_belongs(published, tmp_path):
    source = load_file(Path(published["gte"]) / "model.safetensors")
    checkpoint = load_file(start(published, "gte", tmp_path / "e0") / "model.safetensors")
    for number in range(SMALL["num_hidden_layers"]):
        old, new = f"new.encoder.layer.{number}", f"gte.layers.{number}"
        for kind in ("weight", "bias"):
            packed = torch.cat([checkpoint[f"{new}.self_attn.{x}_proj.{kind}"] for x in "qkv"])
            assert torch.equal(packed, source[f"{old}.attention.qkv_proj.{kind}"].float())
        packed = torch.cat([checkpoint[f"{new}.mlp.{x}_proj.weight"] for x in ("up", "gate")])
        assert torch.equal(packed, source[f"{old}.mlp.up_gate_proj.weight"].float())
    taken = sum(weight.numel() for name, weight in checkpoint.items() if not is_head(name))
    assert taken == sum(w.numel() for name, w in source.items() if not is_head(name))
    assert {weight.dtype for weight in checkpoint.values()} == {torch.float32}


def is_head(name: str) -> bool:
    return bool({"classifier", "pooler", "head"} & set(name.split(".")))


def test_the_token_weights_of_gte_do_not_become_the_relevance_head(published, tmp_path):
    source = load_file(Path(published["gte"]) / "model.safetensors")
    checkpoint = load_file(start(published, "gte", tmp_path / "e0") / "model.safetensors")
    assert checkpoint["classifier.weight"].shape == source["classifier.weight"].shape
    assert checkpoint["classifier.weight"].std() == pytest.approx(0.02, rel=0.2)
    assert checkpoint["gte.pooler.dense.weight"].std() == pytest.approx(0.02, rel=0.2)
    assert not checkpoint["classifier.bias"].any()


def test_a_relevance_head_that_was_trained_as_one_is_kept(published, tmp_path):
    reranker = changed(
        published, "gte", tmp_path / "r", architectures=["NewForSequenceClassification"]
    )
    source = load_file(Path(published["gte"]) / "model.safetensors")
    checkpoint = load_file(start(reranker, "gte", tmp_path / "e0") / "model.safetensors")
    assert torch.equal(checkpoint["classifier.weight"], source["classifier.weight"].float())


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_seed_fixes_the_head_and_nothing_else(published, tmp_path, name):
    first, again, other = (
        load_file(start(published, name, tmp_path / str(n), seed) / "model.safetensors")
        for n, seed in enumerate((12, 12, 13))
    )
    assert all(torch.equal(first[key], again[key]) for key in first)
    differing = {key for key in first if not torch.equal(first[key], other[key])}
    expected = {"classifier.weight"}
    if name == "gte":
        expected.add("gte.pooler.dense.weight")
    assert differing == expected
    stated = json.loads((tmp_path / "0" / "config.json").read_text())
    assert stated["dtype"] == "float32"


def test_pretrained_pooler_and_prediction_head_are_kept(published, tmp_path):
    for name, part in (("minilm", "bert.pooler.dense.weight"), ("modernbert", "head.dense.weight")):
        source = load_file(Path(published[name]) / "model.safetensors")
        checkpoint = load_file(start(published, name, tmp_path / name) / "model.safetensors")
        assert torch.equal(checkpoint[part], source[part])


def test_a_converted_gte_is_used_as_it_is_and_says_which_rotary_embedding(
    published, tmp_path, capsys
):
    checkpoint = start(published, "gte", tmp_path / "e0")
    assert "rotary" not in capsys.readouterr().out
    converted = changed({"gte": checkpoint}, "gte", tmp_path / "c", rope_parameters=None)
    used = start(converted, "gte", tmp_path / "copy")
    assert "rotary embedding is plain, theta 160000" in capsys.readouterr().out
    stated = json.loads((used / "config.json").read_text())
    assert stated["rope_parameters"] == {"rope_type": "default", "rope_theta": 160_000}
    left, right = (load_file(path / "model.safetensors") for path in (checkpoint, used))
    assert all(torch.equal(left[name], right[name]) for name in left)


def test_what_is_wrong_with_a_source_is_said_with_the_remedy(published, tmp_path):
    def refuse(folder, match, remedy="delete .* and run again; the download is checked again"):
        with pytest.raises(UserError, match=f"'minilm': .*{match}.*{remedy}"):
            start(folder, "minilm", tmp_path / "e0")

    def copy(name, **settings):
        folders = changed(published, "minilm", tmp_path / name, **settings)
        return folders, Path(folders["minilm"])

    folders, place = copy("unnamed")
    (place / "config.json").unlink()
    refuse(folders, "no config.json")
    (place / "config.json").write_text('{"model_type": ')
    refuse(folders, "config.json is damaged")
    folders, place = copy("cut")
    weights = (place / "model.safetensors").read_bytes()
    for length in (len(weights) // 2, 100, 0):
        (place / "model.safetensors").write_bytes(weights[:length])
        refuse(folders, "model.safetensors is damaged")
    for name, settings, match in (
        ("deep", {"num_hidden_layers": 3}, "16 of its weights are missing, 'bert.encoder.layer.2"),
        ("flat", {"num_hidden_layers": 1}, "16 of its weights are more than its config"),
        ("short", {"max_position_embeddings": 256}, "1 of its weights are of another.*position"),
    ):
        refuse(copy(name, **settings)[0], match, "no whole copy, delete it.*; else choose")
    assert not (tmp_path / "e0").exists()


def test_an_architecture_without_a_cross_encoder_is_refused(published, tmp_path):
    for kind in ("clip", "never_heard_of"):
        source = changed(published, "minilm", tmp_path / kind, model_type=kind)
        with pytest.raises(UserError, match=f"'minilm' is of the architecture '{kind}'"):
            start(source, "minilm", tmp_path / "e0")


def test_a_source_or_tokenizer_that_is_not_there_is_named(published, tmp_path):
    with pytest.raises(UserError, match=r"'electra' is no row of the table of sources"):
        start(published, "electra", tmp_path / "e0")
    for missing in ("package:", "package:nobody_has/it", "package:nobody.has/it"):
        with pytest.raises(UserError, match=f"'{missing}' needs the Python package"):
            start(published, missing, tmp_path / "e0")
    backbone = {"pretrained": "minilm", "architecture": None, "tokenizer": None}
    with pytest.raises(UserError, match="'minilm': it has no tokenizer"):
        models.initialise(backbone, published, 12, 64, tmp_path / "e0")
    damaged = changed(published, "minilm", tmp_path / "damaged")
    (tmp_path / "damaged" / "tokenizer.json").write_text("{")
    with pytest.raises(UserError, match="'minilm': its tokenizer cannot be read"):
        models.initialise(backbone, damaged, 12, 64, tmp_path / "e0")


class Trap:
    """Pickled, it creates a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_neither_pickles_nor_remote_code_are_run(published, tmp_path):
    folders = changed(published, "gte", tmp_path / "gte")
    place, sprung = Path(folders["gte"]), tmp_path / "sprung"
    for module in ("configuration", "modeling"):
        (place / f"{module}.py").write_text(f"open({str(sprung)!r}, 'w').close()\n")
    torch.save(Trap(sprung), place / "pytorch_model.bin")
    write_gte_tokenizer(place)
    backbone = {"pretrained": "gte", "architecture": None, "tokenizer": None}
    models.initialise(backbone, folders, 12, 64, tmp_path / "e0")
    (place / "model.safetensors").unlink()
    with pytest.raises(UserError, match="has no safetensors, and pickles are never loaded"):
        models.initialise(backbone, folders, 12, 64, tmp_path / "e0")
    assert not sprung.exists()
    torch.load(place / "pytorch_model.bin", weights_only=False)
    assert sprung.exists()


def test_gte_has_its_own_tokenizer_and_no_token_types(published, tmp_path):
    folders = changed(published, "gte", tmp_path / "gte")
    own = write_gte_tokenizer(Path(folders["gte"]))
    backbone = {"pretrained": "gte", "architecture": None, "tokenizer": None}
    models.initialise(backbone, folders, 12, 64, tmp_path / "e0")
    pair = ("what is a lion", "the large cat of prey")
    encoded = AutoTokenizer.from_pretrained(tmp_path / "e0", local_files_only=True)(*pair)
    assert encoded["input_ids"] == own.encode(*pair).ids
    for checkpoint in (tmp_path / "e0", start(published, "gte", tmp_path / "bert_tokens")):
        assert "token_type_ids" not in AutoTokenizer.from_pretrained(checkpoint)(*pair)


def test_a_vocabulary_alone_is_a_tokenizer_for_minilm(published, tmp_path):
    folders = changed(published, "minilm", tmp_path / "minilm")
    packaged, place = Path(models.locate(PACKAGE, {})), Path(folders["minilm"])
    (place / "vocab.txt").write_bytes((packaged / "vocab.txt").read_bytes())
    (place / "tokenizer_config.json").write_text("{}")
    backbone = {"pretrained": "minilm", "architecture": None, "tokenizer": None}
    models.initialise(backbone, folders, 12, 64, tmp_path / "e0")
    pair = ("What is a Lion?", "Löwe: Panthera leo")
    encoded = [AutoTokenizer.from_pretrained(p)(*pair) for p in (tmp_path / "e0", packaged)]
    assert encoded[0] == encoded[1]
    assert 1 in encoded[0]["token_type_ids"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_scores_are_those_of_sentence_transformers(published, tmp_path, name):
    checkpoint = start(published, name, tmp_path / "e0")
    rows = [(f"query {i}", f"passage {i} of words " * (i + 1)) for i in range(6)]
    scores = score(checkpoint, rows, tmp_path)
    peer = CrossEncoder(str(checkpoint), device="cpu", activation_fn=torch.nn.Identity())
    assert scores == pytest.approx(peer.predict(rows, batch_size=2).tolist(), abs=1e-5)


def test_a_max_length_beyond_the_positions_is_refused(published, tmp_path):
    message = "'minilm': max_length is 513, and it has only 512 positions.*training.models"
    with pytest.raises(UserError, match=message):
        start(published, "minilm", tmp_path / "e0", max_length=513)
    start(published, "minilm", tmp_path / "e0", max_length=512)
    for name in ("gte", "modernbert"):
        with pytest.raises(UserError, match="max_length is 8193"):
            start(published, name, tmp_path / "e0", max_length=8193)
    backbone = {"pretrained": None, "architecture": SMALL_BERT, "tokenizer": PACKAGE}
    with pytest.raises(UserError, match="'bert': max_length is 513, and it has only 512 positions"):
        models.initialise(backbone, {}, 12, 513, tmp_path / "e0")


SMALL_BERT = {"model_type": "bert", "hidden_size": 32, "num_attention_heads": 2}


def of_random_weights(architecture: dict) -> dict:
    return {"pretrained": None, "architecture": architecture, "tokenizer": PACKAGE}


def untrained(architecture: dict, folder: Path) -> Path:
    models.initialise(of_random_weights(architecture), {}, 12, 32, folder)
    return folder


@pytest.mark.parametrize(
    ("architecture", "match"),
    [
        (SMALL_BERT | {"num_layers": 1}, "'bert': unknown key 'num_layers'; did you mean 'num_"),
        (SMALL_BERT | {"zzz": 1}, "'bert': unknown key 'zzz'; known: .*hidden_size"),
        (SMALL_BERT | {"temperature": 2}, "'bert': unknown key 'temperature'"),
        ({"model_type": "bertt"}, "'bertt': transformers has no cross-encoder of it; did you mean"),
        ({"model_type": "clip"}, "'clip': transformers has no cross-encoder of it"),
        ({"model_type": "gemma3"}, "'gemma3' has parts for more than text"),
        (SMALL_BERT | {"hidden_size": "wide"}, "'bert': transformers cannot build it: .*hidden_s"),
        (SMALL_BERT | {"hidden_size": 33}, "'bert': transformers cannot build it: .*33"),
        (SMALL_BERT | {"hidden_act": "loud"}, "'bert': transformers cannot build it: .*loud"),
    ],
)
def test_an_architecture_that_is_none_is_refused_in_words(tmp_path, architecture, match):
    with pytest.raises(UserError, match=f"^models: the architecture {match}"):
        untrained(architecture, tmp_path / "e0")
    with pytest.raises(UserError, match=f"^models: the architecture {match}"):
        models.planned(of_random_weights(architecture), {})


@pytest.mark.parametrize(
    "architecture",
    [
        {"model_type": "deberta-v2", "relative_attention": True, "position_buckets": 8},
        {"model_type": "llama", "rope_theta": 100.0},
    ],
)
def test_keys_that_transformers_reads_without_a_field_of_that_name_are_known(
    tmp_path, architecture
):
    small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    assert untrained(small | {"intermediate_size": 48} | architecture, tmp_path / "e0").is_dir()


@pytest.mark.parametrize(
    ("kind", "task"),
    [
        ("bert", transformers.BertForMultipleChoice),
        ("distilbert", transformers.DistilBertForMultipleChoice),
        ("llama", transformers.LlamaForTokenClassification),
        ("xlm", transformers.XLMForMultipleChoice),
        ("xlnet", transformers.XLNetForMultipleChoice),
    ],
)
def test_a_head_for_another_task_is_drawn_anew_though_its_shapes_fit(tmp_path, kind, task, capsys):
    source = architectures.write_backbone(tmp_path / "source", kind)
    task.from_pretrained(source, num_labels=1).save_pretrained(source)
    backbone = {"pretrained": "tiny", "architecture": None, "tokenizer": None}
    models.initialise(backbone, {"tiny": str(source)}, 12, 32, tmp_path / "e0")
    own, taken = (load_file(each / "model.safetensors") for each in (source, tmp_path / "e0"))
    body = f"{AutoModelForSequenceClassification.from_pretrained(source).base_model_prefix}."
    head = {name for name in taken if not name.startswith(body) and name.endswith("weight")}
    assert head & own.keys()
    assert not any(torch.equal(own[name], taken[name]) for name in head & own.keys())
    assert all(name in capsys.readouterr().out for name in [min(head)])


def test_a_body_that_is_called_like_a_head_is_no_head(tmp_path):
    source = architectures.write_backbone(tmp_path / "source", "esm")
    weights = load_file(source / "model.safetensors")
    del weights["contact_head.regression.weight"]
    save_file(weights, source / "model.safetensors", metadata={"format": "pt"})
    backbone = {"pretrained": "tiny", "architecture": None, "tokenizer": None}
    with pytest.raises(UserError, match=r"1 of its weights are missing, 'esm.contact_head"):
        models.initialise(backbone, {"tiny": str(source)}, 12, 32, tmp_path / "e0")


def test_what_is_drawn_is_said_and_nothing_that_alarms(published, tmp_path, capfd):
    folders = changed(published, "gte", tmp_path / "gte")
    write_gte_tokenizer(Path(folders["gte"]))
    backbone = {"pretrained": "gte", "architecture": None, "tokenizer": None}
    models.initialise(backbone, folders, 12, 64, tmp_path / "e0")
    told = capfd.readouterr()
    assert (
        "'gte': drawn with the seed 12: classifier.bias, classifier.weight, gte.pooler" in told.out
    )
    for alarming in ("model of type", "rope_scaling", "validation function", "MISSING"):
        assert alarming not in told.out + told.err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gte", "modernbert"])
def test_8192_tokens_can_be_scored(published, tmp_path, name):
    checkpoint = start(published, name, tmp_path / "e0", max_length=8192)
    head, tail = "lion " * 4000, "cat " * 4000
    passages = [head, head + tail, head + tail + "dog " * 9000, head + tail + "dog " * 300]
    rows = [("what is a lion", passage) for passage in passages]
    scores = score(checkpoint, rows, tmp_path)
    assert np.isfinite(scores).all()
    assert abs(scores[0] - scores[1]) > 1e-5
    assert scores[2] == scores[3]
