"""Tokenizers and models that do not quite fit each other, and what is done about it."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerFast

from lionrank.cross_encoder import device
from lionrank.cross_encoder import initialise as models
from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.tokens import encode
from lionrank.errors import UserError
from tests.support.architectures import POSITIONS, write_backbone, write_tokenizer
from tests.support.rerankers import score

CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    device.prepare(threads=1, gpus=0)


@pytest.fixture
def initialise(tmp_path):
    """Make a cross-encoder of a tiny backbone, or of one that lies in `source` already."""

    def make(kind, source=None, max_length=32):
        source = source or write_backbone(tmp_path / "source", kind)
        backbone = {"pretrained": kind, "architecture": None, "tokenizer": None}
        models.initialise(backbone, {kind: str(source)}, 12, max_length, tmp_path / "e0")
        return tmp_path / "e0"

    return make


# RoBERTa and its kin count positions from one behind that of padding, T5 and XLNet tell distances.
@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("bert", POSITIONS),
        ("bart", POSITIONS),
        ("opt", POSITIONS),
        ("mpt", POSITIONS),
        ("roberta", POSITIONS - 2),
        ("mpnet", POSITIONS - 2),
        ("longformer", POSITIONS - 2),
        ("ibert", POSITIONS - 2),
        ("esm", POSITIONS - 2),
        ("t5", None),
        ("xlnet", None),
        ("bloom", None),
    ],
)
def test_as_many_tokens_are_scored_as_there_are_positions_and_more_are_refused(
    initialise, tmp_path, kind, most
):
    checkpoint = initialise(kind, max_length=most or 2 * POSITIONS)
    rows = [("w1 w2", "w3 " * 3 * POSITIONS), ("w1", "w2")]
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    assert max(encode(tokenizer, *zip(*rows, strict=True))["lengths"]) == most or 2 * POSITIONS
    assert len(set(score(checkpoint, rows, tmp_path))) == 2
    if most:
        message = f"'{kind}': max_length is {most + 1}, and it has only {most} positions"
        with pytest.raises(UserError, match=f"{message}.*training.models"):
            initialise(kind, tmp_path / "source", max_length=most + 1)


def test_a_pair_is_not_longer_than_what_leaves_the_rotation_of_others_as_it_is(
    initialise, tmp_path
):
    """With longrope a long pair changes the logits of the short ones in its batch."""
    rope = {"rope_type": "longrope", "rope_theta": 1e4}
    rope |= {"short_factor": [1.0] * 4, "long_factor": [4.0] * 4}
    settings = {"rope_parameters": rope, "original_max_position_embeddings": 16}
    source = write_backbone(tmp_path / "source", "phi3", **settings)
    initialise("phi3", source, max_length=16)
    with pytest.raises(
        UserError, match=r"'phi3': max_length is 17, and a pair of more than 16 tokens"
    ):
        initialise("phi3", source, max_length=17)


def test_a_decoder_s_tokenizer_without_padding_gets_the_end_for_it(initialise, tmp_path, capsys):
    checkpoint = initialise("llama")
    assert "pairs are padded with '</s>'" in capsys.readouterr().out
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    assert tokenizer.pad_token == "</s>"
    assert AutoConfig.from_pretrained(checkpoint).pad_token_id == tokenizer.pad_token_id


def test_a_decoder_s_padding_is_what_its_tokenizer_pads_with(initialise, tmp_path):
    """A config that names another token would have the logit taken at padding."""
    source = write_backbone(tmp_path / "source", "llama", pad_token_id=7)
    write_tokenizer(source, "roberta")
    checkpoint = initialise("llama", source)
    assert AutoConfig.from_pretrained(checkpoint).pad_token_id == 1
    rows = [("w1", "w2"), ("w3", "w4 w5 w6 w7 w8 w9")]
    assert score(checkpoint, rows, tmp_path)[0] == pytest.approx(
        score(checkpoint, rows[:1], tmp_path)[0], abs=1e-6
    )


def test_a_default_of_the_config_that_stands_for_a_word_pads_nothing(initialise, tmp_path):
    source = write_backbone(tmp_path / "source", "llama", pad_token_id=7)
    tokenizer = AutoTokenizer.from_pretrained(initialise("llama", source))
    assert tokenizer.pad_token == "</s>"


def test_t5_is_given_more_tokens_than_its_tokenizer_is_for_and_it_is_said(
    initialise, tmp_path, capsys
):
    source = write_backbone(tmp_path / "source", "t5")
    path = source / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model_max_length": 16}))
    tokenizer = AutoTokenizer.from_pretrained(initialise("t5", source, max_length=32))
    assert tokenizer.model_max_length == 32
    assert "its tokenizer is for 16 tokens, and max_length is 32" in capsys.readouterr().out


def test_a_tokenizer_with_nothing_to_pad_with_is_refused(initialise, tmp_path):
    source = write_backbone(tmp_path / "source", "llama", pad_token_id=None)
    words = AutoTokenizer.from_pretrained(source).backend_tokenizer
    PreTrainedTokenizerFast(tokenizer_object=words).save_pretrained(source)
    with pytest.raises(UserError, match="'llama': its tokenizer has no token to pad with"):
        initialise("llama", source)


def test_xlnet_is_padded_on_the_left_whatever_its_tokenizer_says(initialise, tmp_path, capsys):
    source = write_backbone(tmp_path / "source", "xlnet")
    path = source / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"padding_side": "right"}))
    checkpoint = initialise("xlnet", source)
    assert "'xlnet': pairs are padded on the left" in capsys.readouterr().out
    assert AutoTokenizer.from_pretrained(checkpoint).padding_side == "left"


def test_roberta_with_a_tokenizer_of_another_padding_is_refused(initialise, tmp_path):
    source = write_backbone(tmp_path / "source", "roberta", pad_token_id=0)
    with pytest.raises(UserError, match=r"counted from its padding token, 0, .* pads with 1: name"):
        initialise("roberta", source)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(initialise, tmp_path):
    source = write_backbone(tmp_path / "source", "bert")
    tokenizer = AutoTokenizer.from_pretrained(source)
    tokenizer.add_tokens(["w40"])
    tokenizer.save_pretrained(source)
    size = len(tokenizer) - 1
    with pytest.raises(UserError, match=f"has a token {size} and its vocabulary only {size}: name"):
        initialise("bert", source)


@pytest.mark.parametrize("kind", ["bart", "t5"])
def test_an_end_token_in_a_passage_s_own_text_is_text(initialise, tmp_path, kind):
    """The heads of BART and T5 want as many in each pair of a batch."""
    checkpoint = initialise(kind)
    rows = [("w1", "w2 </s> w3 </s> </s>"), ("w4", "w5")]
    assert len(set(score(checkpoint, rows, tmp_path))) == 2


@pytest.mark.parametrize(
    ("kind", "like", "taken"),
    [
        ("bert", "bert", True),
        ("xlnet", "xlnet", True),
        ("xlm", "bert", False),
        ("distilbert", "bert", False),
        ("gpt2", "bert", False),
        ("llama", "bert", False),
    ],
)
def test_token_types_are_given_to_models_that_tell_segments_by_them(
    initialise, tmp_path, kind, like, taken
):
    source = write_backbone(tmp_path / "source", kind)
    write_tokenizer(source, like)
    tokenizer = AutoTokenizer.from_pretrained(initialise(kind, source))
    assert ("token_type_ids" in tokenizer("w1", "w2")) == taken


def test_bigbird_scores_a_long_pair_the_same_before_and_after_a_short_one(initialise, tmp_path):
    """Its sparse attention turns into full attention, for good, at the first short batch."""
    model = cross_encoder.load(initialise("big_bird", max_length=POSITIONS), CPU)
    long, short = (
        encode(model.tokenizer, ["w1"], [passage]) for passage in ("w2 w3 w4 " * POSITIONS, "w5")
    )
    before = model.logits(long)
    model.logits(short)
    assert torch.equal(model.logits(long), before)


def test_a_model_that_does_not_look_at_the_pairs_is_refused(initialise, tmp_path):
    """A BERT that reads as a decoder takes its logit from a token that sees itself alone."""
    source = write_backbone(tmp_path / "source", "bert", is_decoder=True)
    with pytest.raises(UserError, match="'bert': it gives each pair the same logit"):
        initialise("bert", source)


def test_weights_that_are_no_numbers_are_refused(initialise, tmp_path):
    source = write_backbone(tmp_path / "source", "bert")
    weights = load_file(source / "model.safetensors")
    weights["encoder.layer.1.output.dense.weight"] *= torch.nan
    save_file(weights, source / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match="'bert': its logits are no numbers"):
        initialise("bert", source)
