"""Public cross-encoders as checkpoints: their logits, what is said of them, and what is refused."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from lionrank.cross_encoder import device
from lionrank.cross_encoder import model as cross_encoder
from lionrank.errors import UserError
from lionrank.systems.checkpoint import import_checkpoint
from tests.support import architectures
from tests.support import tiny_training as tiny
from tests.support.public_rerankers import (
    WEIGHTS,
    change_json,
    change_weights,
    sharpen,
    write_classifier,
    write_composed,
    write_original_gte,
)
from tests.support.published_backbones import PUBLISHED, SMALL, as_described
from tests.support.rerankers import score

KINDS = ["bert", "deberta-v2", "electra", "gte", "modernbert", "roberta", "xlm-roberta"]
ROWS = [
    ("w1 w2", "w1 w3 w4"),
    ("w3", "w5 " * 40),
    ("w4 w5 w6 w7", "w6"),
    ("w8 w9", "w9 w1 w12 w17 w33 w2 w21 w22"),
    ("w1 w9", "passage of more words and w3"),
]
LENGTH = 24


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    device.prepare(threads=1, gpus=0)


@pytest.fixture
def bert(tmp_path):
    return write_classifier(tmp_path / "theirs", "bert")


def peer_scores(folder, **settings):
    """The logits of sentence-transformers, on padded pairs and in float32."""
    peer = CrossEncoder(
        str(folder),
        device="cpu",
        activation_fn=torch.nn.Identity(),
        max_length=LENGTH,
        model_kwargs={"dtype": torch.float32},
        **settings,
    )
    peer[0].unpad_inputs = False
    return peer.predict(ROWS, batch_size=3).tolist()


def scores(folder, tmp_path):
    import_checkpoint(folder, tmp_path / "ours", LENGTH)
    return score(tmp_path / "ours", ROWS, tmp_path)


def refused(folder, tmp_path, match, remedy="choose another"):
    with pytest.raises(UserError, match=f"^systems: '{folder}'.*{match}.*{remedy}"):
        import_checkpoint(folder, tmp_path / "ours", LENGTH)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_sentence_transformers(tmp_path, capsys, kind):
    theirs = write_classifier(tmp_path / "theirs", kind)
    expected = peer_scores(theirs)
    assert len(set(expected)) == len(ROWS)
    assert scores(theirs, tmp_path) == pytest.approx(expected, abs=1e-5)
    assert ("computes with padding" in capsys.readouterr().out) is (kind == "deberta-v2")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_in_half_precision_become_float32_and_that_is_said(tmp_path, capsys, dtype):
    theirs = write_classifier(tmp_path / "theirs", "modernbert", dtype)
    assert scores(theirs, tmp_path) == pytest.approx(peer_scores(theirs), abs=1e-5)
    name = str(dtype).removeprefix("torch.")
    assert f"systems: '{theirs}': its weights in {name} become float32." in capsys.readouterr().out
    kept = load_file(tmp_path / "ours" / WEIGHTS)
    assert {weight.dtype for weight in kept.values()} == {torch.float32}


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_a_model_composed_of_modules_has_the_scores_of_its_modules(tmp_path, pooling):
    theirs = write_composed(tmp_path / "theirs", pooling)
    assert scores(theirs, tmp_path) == pytest.approx(peer_scores(theirs), abs=1e-5)


def test_the_original_gte_s_pooler_and_classifier_are_taken_over(tmp_path):
    theirs = write_original_gte(tmp_path / "theirs")
    import_checkpoint(theirs, tmp_path / "ours", 64)
    weights = {name: weight.double() for name, weight in load_file(theirs / WEIGHTS).items()}
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "ours")
    pairs = [("what is a lion", "the large cat"), ("lion", "a cat is what the lion is")]
    batch = tokenizer(*zip(*pairs, strict=True), padding=True, return_tensors="pt")
    hidden = as_described(
        weights, PUBLISHED["gte"] | SMALL, batch["input_ids"], batch["attention_mask"]
    )
    pooled = (
        hidden[:, 0] @ weights["new.pooler.dense.weight"].T + weights["new.pooler.dense.bias"]
    ).tanh()
    expected = pooled @ weights["classifier.weight"].T + weights["classifier.bias"]
    found = score(tmp_path / "ours", pairs, tmp_path)
    assert found == pytest.approx(expected.flatten().tolist(), abs=1e-5)


def test_a_trained_checkpoint_that_is_entered_again_has_the_same_scores(tmp_path):
    start = tiny.write_start(tmp_path / "e0", "bert")
    trained = tmp_path / "trained"
    model = cross_encoder.load(start, torch.device("cpu"))
    sharpen(model)
    model.body.save_pretrained(trained)
    model.tokenizer.save_pretrained(trained)
    import_checkpoint(trained, tmp_path / "again", tiny.SETTINGS["max_length"])
    assert score(tmp_path / "again", ROWS, tmp_path) == score(trained, ROWS, tmp_path)


SIGMOID, IDENTITY = "torch.nn.modules.activation.Sigmoid", "torch.nn.modules.linear.Identity"


@pytest.mark.parametrize(
    ("file", "settings", "said"),
    [
        ("config.json", {}, "names no activation function"),
        ("config.json", {"sbert_ce_default_activation_function": IDENTITY}, IDENTITY),
        ("config.json", {"sentence_transformers": {"activation_fn": SIGMOID}}, SIGMOID),
        ("config_sentence_transformers.json", {"activation_fn": SIGMOID}, SIGMOID),
        ("config.json", {"sentence_transformers": {"activation_fn": "their.Own"}}, "their.Own"),
    ],
)
def test_the_logit_is_the_score_whatever_activation_a_folder_asks_for(
    bert, tmp_path, capsys, file, settings, said
):
    expected = peer_scores(bert)
    change_json(bert / file, **settings)
    assert scores(bert, tmp_path) == pytest.approx(expected, abs=1e-5)
    assert min(expected) < 0
    told = capsys.readouterr().out
    assert "the logit is the score" in told and said in told
    kept = CrossEncoder(str(tmp_path / "ours"), device="cpu").activation_fn
    assert type(kept).__name__ == (IDENTITY if IDENTITY in said else SIGMOID).rpartition(".")[2]


def test_remote_code_of_a_known_architecture_is_not_run(bert, tmp_path, capsys):
    expected = peer_scores(bert)
    sprung = tmp_path / "sprung"
    (bert / "modeling.py").write_text(f"open({str(sprung)!r}, 'w').close()\n")
    auto_map = {"AutoModelForSequenceClassification": "modeling.BertForSequenceClassification"}
    change_json(bert / "config.json", auto_map=auto_map)
    assert scores(bert, tmp_path) == pytest.approx(expected, abs=1e-5)
    assert not sprung.exists()
    assert "its remote code is not run" in capsys.readouterr().out
    assert "auto_map" not in json.loads((tmp_path / "ours" / "config.json").read_text())


@pytest.mark.parametrize(
    ("file", "settings", "match"),
    [
        ("config.json", {"id2label": {"0": "no", "1": "yes"}}, "it gives 2 labels"),
        ("config.json", {"id2label": None, "num_labels": 3}, "it gives 3 labels"),
        ("config.json", {"architectures": ["BertModel"]}, "of .'BertModel.*is BertForSequenceC"),
        (
            "config.json",
            {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"]},
            "it is of .'Qwen2ForCausalLM'., by its config.json",
        ),
        ("config.json", {"model_type": "jina"}, "architecture 'jina'.*remote code is never run"),
        ("config.json", {"quantization_config": {"bits": 4}}, "its weights are quantised"),
        ("adapter_config.json", {"peft_type": "LORA"}, "it is an adapter"),
        (
            "config_sentence_transformers.json",
            {"default_prompt_name": "query", "prompts": {"query": "Judge: "}},
            "it puts a prompt before each pair, 'query'",
        ),
        ("sentence_bert_config.json", {"do_lower_case": True}, "pairs read, by do_lower_case"),
        (
            "sentence_bert_config.json",
            {"processing_kwargs": {"text": {"truncation": "only_second"}}},
            "pairs read, by processing_kwargs",
        ),
        (
            "tokenizer_config.json",
            {"auto_map": {"AutoTokenizer": ["their.Tokenizer", None]}},
            "its tokenizer is remote code",
        ),
        ("tokenizer_config.json", {"chat_template": "{{ messages }}"}, "writes a pair as a chat"),
    ],
)
def test_what_scores_by_something_else_than_one_logit_is_refused_in_its_own_words(
    bert, tmp_path, file, settings, match
):
    change_json(bert / file, **settings)
    refused(bert, tmp_path, match)


def test_segments_that_would_be_words_are_refused(tmp_path):
    theirs = write_classifier(tmp_path / "theirs", "xlm")
    refused(theirs, tmp_path, "its segments are looked up among its words")


def test_prompts_that_none_is_asked_for_are_said_to_be_unused(bert, tmp_path, capsys):
    expected = peer_scores(bert)
    prompts = {"prompts": {"query": "Judge: "}, "default_prompt_name": None}
    change_json(bert / "config_sentence_transformers.json", **prompts)
    assert scores(bert, tmp_path) == pytest.approx(expected, abs=1e-5)
    assert "none of its prompts is used" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        ({"classifier__bias": None}, "1 of its weights are missing, 'classifier.bias' first"),
        ({"bert__pooler__dense__weight": None}, "missing, 'bert.pooler.dense.weight' first"),
        ({"classifier__weight": torch.ones(2, 32)}, "1 of its weights are of another shape"),
        ({"extra__weight": torch.ones(2)}, "more than its config describes, 'extra.weight' first"),
    ],
)
def test_weights_that_are_not_those_of_the_model_are_refused(bert, tmp_path, weights, match):
    change_weights(bert, **weights)
    refused(bert, tmp_path, match)


def test_the_token_head_of_gte_s_backbone_is_no_reranker(tmp_path):
    theirs = write_original_gte(tmp_path / "theirs")
    change_json(theirs / "config.json", architectures=["NewForTokenClassification"])
    refused(theirs, tmp_path, "it is of .'GteForTokenClassification'")


def test_a_backbone_without_a_head_is_refused(tmp_path):
    theirs = architectures.write_backbone(tmp_path / "theirs", "bert")
    change_json(theirs / "config.json", architectures=None)
    refused(theirs, tmp_path, "weights are missing, 'classifier.bias' first")


def test_pickles_are_refused_with_a_way_out(bert, tmp_path):
    torch.save(load_file(bert / WEIGHTS), bert / "pytorch_model.bin")
    (bert / WEIGHTS).unlink()
    match = "no safetensors, and pickles are never loaded, such as its pytorch_model.bin"
    refused(bert, tmp_path, match, "a revision of it .*save_pretrained")


@pytest.mark.parametrize(
    ("file", "settings"),
    [
        ("config.json", {"id2label": 2}),
        ("config.json", {"sentence_transformers": "their.Own"}),
        ("config_sentence_transformers.json", {"prompts": ["Judge: "]}),
        ("tokenizer_config.json", {"auto_map": 1}),
    ],
)
def test_a_setting_that_is_no_object_is_named(bert, tmp_path, file, settings):
    change_json(bert / file, **settings)
    refused(bert, tmp_path, f"the value of {min(settings)} is no object", "delete .* run again")


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_a_max_length_beyond_the_positions_is_refused(tmp_path, kind):
    theirs = write_classifier(tmp_path / "theirs", kind)
    most = architectures.POSITIONS - 2 * (kind == "roberta")
    message = f"'{theirs}': max_length is {most + 1}, and it has only {most} positions"
    with pytest.raises(UserError, match=f"systems: {message}.*entry of systems"):
        import_checkpoint(theirs, tmp_path / "ours", most + 1)
    import_checkpoint(theirs, tmp_path / "ours", most)


@pytest.mark.parametrize(
    ("missing", "match"),
    [("config.json", "it has no config.json"), ("tokenizer.json", "its tokenizer cannot be read")],
)
def test_a_folder_that_is_not_whole_is_named(bert, tmp_path, missing, match):
    (bert / missing).unlink()
    refused(bert, tmp_path, match, "delete .* run again")


def test_the_checkpoint_has_the_names_of_transformers_own_gte(tmp_path):
    import_checkpoint(write_original_gte(tmp_path / "theirs"), tmp_path / "ours", 64)
    native = AutoModelForSequenceClassification.from_pretrained(tmp_path / "ours")
    assert load_file(tmp_path / "ours" / WEIGHTS).keys() == native.state_dict().keys()
    assert type(native).__name__ == "GteForSequenceClassification"


def test_several_files_of_weights_are_read(bert, tmp_path):
    expected = peer_scores(bert)
    weights = list(load_file(bert / WEIGHTS).items())
    (bert / WEIGHTS).unlink()
    files = {f"model-0000{n + 1}-of-00002.safetensors": dict(weights[n::2]) for n in range(2)}
    for name, part in files.items():
        save_file(part, bert / name, metadata={"format": "pt"})
    index = {"weight_map": {weight: name for name, part in files.items() for weight in part}}
    change_json(bert / f"{WEIGHTS}.index.json", **index)
    assert scores(bert, tmp_path) == pytest.approx(expected, abs=1e-5)
