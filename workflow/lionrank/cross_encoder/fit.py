"""Whether a tokenizer and a cross-encoder fit each other, seen before anything is trained."""

import inspect
import os

import torch
from torch import Tensor
from transformers import AutoProcessor, PreTrainedModel, PreTrainedTokenizerBase

from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.positions import positions_of, positions_of_one_rotation
from lionrank.cross_encoder.pretrained import one_line
from lionrank.cross_encoder.tokens import encode, take
from lionrank.cross_encoder.unpadded import counted_from
from lionrank.errors import UserError
from lionrank.wording import listed

PASSAGE = "few words, or more of them, and a passage of some more words that nobody has asked for"

OTHER_SIDE = {"left": "right", "right": "left"}


def write(
    who: str,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    length: int,
    folder: str | os.PathLike,
    remedy: str,
) -> None:
    """Write a checkpoint that scores pairs of at most `length` tokens.

    Raises:
        UserError: model and tokenizer do not fit, it is none that scores a pair whatever else is
            in its batch, or it has fewer positions than `length`, of which `remedy` says how to
            lower it; begins with `who`.
    """
    _check_positions(who, model, length, remedy)
    _fit(who, model, tokenizer, length)
    # transformers would write converted weights back under the names of the original checkpoint.
    model.save_pretrained(folder, save_original_format=False)
    tokenizer.save_pretrained(folder)
    _try_out(who, folder)


def _fit(who: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, length: int) -> None:
    """Make a tokenizer give what a model takes, and say what is new."""
    _check_vocabulary(who, model, tokenizer)
    if length > (own := tokenizer.model_max_length):
        print(
            f"{who}: its tokenizer is for {own} tokens, and max_length is {length}, which counts."
        )
    tokenizer.model_max_length = length
    _have_padding(who, model, tokenizer)
    if getattr(model.config, "attention_type", None) == "block_sparse":
        # BigBird goes over to full attention for good at the first batch that is short.
        model.config.attention_type = "original_full"
        print(f"{who}: its attention is full, not sparse.")
    if model.config.is_encoder_decoder:
        if getattr(model.config, "decoder_start_token_id", None) is None:
            # As T5 does, for which its published config says so.
            model.config.decoder_start_token_id = tokenizer.pad_token_id
        # Their heads look at the end token, which must not be one of the passage's own text.
        _keep(tokenizer, split_special_tokens=True)
    if tokenizer.num_special_tokens_to_add(pair=True) == 0:
        print(f"{who}: its tokenizer puts nothing between query and passage.")
    if not takes_segments(model):
        names = [name for name in tokenizer.model_input_names if name != "token_type_ids"]
        _keep(tokenizer, model_input_names=names)


def _keep(tokenizer: PreTrainedTokenizerBase, **settings: object) -> None:
    """Set what the checkpoint shall have too, where only arguments of its making are written."""
    for name, value in settings.items():
        setattr(tokenizer, name, value)
    tokenizer.init_kwargs.update(settings)


def _check_vocabulary(who: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    size = getattr(model.config.get_text_config(), "vocab_size", None)
    if size is not None and (largest := max(tokenizer.get_vocab().values())) >= size:
        raise UserError(
            f"{who}: its tokenizer has a token {largest} and its vocabulary only {size}: name the "
            "tokenizer of the same checkpoint."
        )


def _check_positions(who: str, model: PreTrainedModel, length: int, remedy: str) -> None:
    positions, same = positions_of(model), positions_of_one_rotation(model)
    if positions is not None and length > positions:
        raise UserError(
            f"{who}: max_length is {length}, and it has only {positions} positions: {remedy}."
        )
    if same is not None and length > same:
        raise UserError(
            f"{who}: max_length is {length}, and a pair of more than {same} tokens changes how it "
            f"turns the positions of all others in its batch (longrope): {remedy}."
        )


def _have_padding(who: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """See to a padding token, by which decoders know where a pair ends."""
    configs = [model.config, model.config.get_text_config()]
    stated = getattr(configs[-1], "pad_token_id", None)
    if tokenizer.pad_token_id is None:
        # What is left of a default may stand for a word.
        known = {number: token for token, number in tokenizer.get_added_vocab().items()}
        token = (
            known.get(stated) or tokenizer.eos_token or tokenizer.sep_token or tokenizer.unk_token
        )
        if token is None:
            raise UserError(f"{who}: its tokenizer has no token to pad with: choose another.")
        tokenizer.pad_token = token
        print(f"{who}: its tokenizer names no padding token, so pairs are padded with {token!r}.")
    if stated not in (None, tokenizer.pad_token_id) and counted_from(model) is not None:
        raise UserError(
            f"{who}: its positions are counted from its padding token, {stated}, and its tokenizer "
            f"pads with {tokenizer.pad_token_id}: name the tokenizer of the same checkpoint."
        )
    for config in configs:
        config.pad_token_id = tokenizer.pad_token_id


def takes_segments(model: PreTrainedModel) -> bool:
    """Say whether the model tells query from passage by token_type_ids.

    GTE has one token type, which its original gives to both segments. XLM and GPT-2 would look the
    types up among the words; XLNet and Funnel, which name no number of types, have their own.
    """
    if "token_type_ids" not in inspect.signature(model.forward).parameters:
        return False
    types = getattr(model.config, "type_vocab_size", None)
    if types is not None:
        return types > 1
    return any(name.endswith("seg_embed") for name, _ in model.named_parameters())


def _try_out(who: str, checkpoint: str | os.PathLike) -> None:
    """Score some pairs with a checkpoint, one by one and together, as training and scoring will.

    Where the shorter pairs' logits hang on the padding, the checkpoint gets it on the other side.
    """
    try:
        model = cross_encoder.load(checkpoint, torch.device("cpu"))
        # Of a model that reads pictures too this would have to be more than a tokenizer, and
        # sentence-transformers loads a checkpoint by it.
        AutoProcessor.from_pretrained(checkpoint, local_files_only=True)
        alone, again = (_logits(model, one_by_one=True) for _ in range(2))
        together = {model.tokenizer.padding_side: _logits(model)}
        if not _same(alone, *together.values()):
            model.tokenizer.padding_side = OTHER_SIDE[model.tokenizer.padding_side]
            together[model.tokenizer.padding_side] = _logits(model)
        model.train()
        _logits(model)
    except Exception as error:
        raise UserError(
            f"{who}: transformers' cross-encoder cannot score pairs of text ({one_line(error)}): "
            "choose another."
        ) from error
    if not alone.isfinite().all():
        raise UserError(f"{who}: its logits are no numbers, as its weights may be: choose another.")
    if alone.max() == alone.min():
        raise UserError(f"{who}: it gives each pair the same logit: choose another.")
    if not _same(alone, again):
        raise UserError(f"{who}: its logits of the same pair are others each time: choose another.")
    *_, (side, found) = together.items()
    if not _same(alone, found):
        raise UserError(
            f"{who}: its logits hang on padding: a pair has {alone[0]:.4f} alone, and "
            f"{listed(f'{logits[0]:.4f}' for logits in together.values())} beside a longer one: "
            "choose another."
        )
    if len(together) > 1:
        print(f"{who}: pairs are padded on the {side}.")
        _keep(model.tokenizer, padding_side=side)
        model.tokenizer.save_pretrained(str(checkpoint))


def _logits(model: cross_encoder.CrossEncoder, one_by_one: bool = False) -> Tensor:
    words = PASSAGE.split()
    passages = [" ".join(words[:length]) for length in range(1, len(words), 3)]
    pairs = encode(model.tokenizer, ["what is that"] * len(passages), passages)
    rows = torch.arange(len(passages))
    with torch.inference_mode():
        batches = [take(pairs, some) for some in (rows.split(1) if one_by_one else [rows])]
        return torch.cat([model.logits(batch) for batch in batches])


def _same(left: Tensor, right: Tensor) -> bool:
    """Say whether logits differ by less than a hundredth of what those of the pairs do."""
    return bool((left - right).abs().max() <= left.std() / 100)
