"""Tiny tokenizers of the kinds and in the files that the published backbones have."""

import json
from collections.abc import Callable
from pathlib import Path

import sentencepiece
from tokenizers import (
    BertWordPieceTokenizer,
    ByteLevelBPETokenizer,
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    processors,
    trainers,
)

TEXT = [
    f"{subject} {verb} a {thing} and passage {number} of many words, with query {number * 7}."
    for number, (subject, verb, thing) in enumerate(
        (subject, verb, thing)
        for subject in ("The lion", "A large cat", "What animal", "Nobody")
        for verb in ("eats", "sees", "looks for", "was asked for")
        for thing in ("fish", "word", "answer", "zebra")
    )
]
ROLES = ("unk", "sep", "pad", "cls", "mask")


def wordpiece(folder: Path) -> dict:
    """Write BERT's files: vocab.txt, and no tokenizer.json."""
    trained = BertWordPieceTokenizer()
    trained.train_from_iterator(TEXT, vocab_size=200, show_progress=False)
    trained.save_model(str(folder))
    _write(folder, {"do_lower_case": True, "model_max_length": 512})
    return _known(trained, pad="[PAD]")


def byte_level_bpe(folder: Path) -> dict:
    """Write RoBERTa's files: vocab.json, merges.txt and tokenizer.json, which adds nothing."""
    trained = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained.train_from_iterator(TEXT, 400, special_tokens=special, show_progress=False)
    trained.save_model(str(folder))
    _write(folder, {"model_max_length": 512})
    return _known(trained, pad="<pad>", bos="<s>", eos="</s>")


def byte_level_bpe_of_modernbert(folder: Path) -> dict:
    """Write ModernBERT's files: tokenizer.json, with BERT's special tokens behind the words."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    trained.train_from_iterator(TEXT, trainer)
    special = [f"[{role.upper()}]" for role in ROLES]
    trained.add_special_tokens(special)
    numbers = [(token, trained.token_to_id(token)) for token in special]
    trained.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=numbers
    )
    trained.save(str(folder / "tokenizer.json"))
    named = {f"{role}_token": token for role, token in zip(ROLES, special, strict=True)}
    inputs = {"model_input_names": ["input_ids", "attention_mask"], "model_max_length": 7999}
    _write(folder, named | inputs | {"tokenizer_class": "PreTrainedTokenizerFast"})
    return _known(trained, pad="[PAD]", cls="[CLS]", sep="[SEP]", bos="[CLS]", eos="[SEP]")


def sentencepiece_unigram(folder: Path) -> dict:
    """Write DeBERTa-v3's files: spm.model, and a tokenizer_config.json that names no class."""
    special = {"pad": "[PAD]", "bos": "[CLS]", "eos": "[SEP]", "unk": "[UNK]"}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT),
        model_prefix=str(folder / "spm"),
        model_type="unigram",
        vocab_size=100,
        minloglevel=2,
        **{f"{role}_id": number for number, role in enumerate(special)},
        **{f"{role}_piece": piece for role, piece in special.items()},
    )
    (folder / "spm.vocab").unlink()
    _write(folder, {"do_lower_case": False, "vocab_type": "spm"})
    # Room for the token that transformers adds, as the published config has it.
    return {"vocab_size": 128, "pad_token_id": 0}


def _write(folder: Path, settings: dict) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def _known(trained: Tokenizer, **roles: str) -> dict:
    """Return what a config says of a tokenizer."""
    numbers = {f"{role}_token_id": trained.token_to_id(token) for role, token in roles.items()}
    return {"vocab_size": trained.get_vocab_size(), **numbers}


WRITERS: dict[str, Callable[[Path], dict]] = {
    "bert": wordpiece,
    "electra": wordpiece,
    "roberta": byte_level_bpe,
    "modernbert": byte_level_bpe_of_modernbert,
    "deberta-v2": sentencepiece_unigram,
}
"""By architecture."""
