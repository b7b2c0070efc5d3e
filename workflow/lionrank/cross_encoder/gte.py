"""GTE's published checkpoint as transformers' own architecture `gte`, without its remote code.

The hub's original (model_type `new`) comes with modelling code that would have to be trusted, and
that transformers 5 no longer runs. Its weights fit the native architecture as they are, which
transformers renames on loading; its settings do not, and are rewritten here.

Sources: config.json of Alibaba-NLP/gte-multilingual-base at revision 9bbca17d and the modelling
code that it refers to (Alibaba-NLP/new-impl); Zhang et al. 2024, mGTE (arXiv 2407.19669).
"""

from typing import Any

from transformers import GteConfig

from lionrank.errors import UserError

ORIGINAL = "new"
"""The model_type of the original checkpoint."""

# Settings that both know under the same name and with the same meaning.
SHARED = (
    "architectures",
    "attention_probs_dropout_prob",
    "classifier_dropout",
    "hidden_act",
    "hidden_dropout_prob",
    "hidden_size",
    "initializer_range",
    "intermediate_size",
    "layer_norm_eps",
    "max_position_embeddings",
    "num_attention_heads",
    "num_hidden_layers",
    "pad_token_id",
    "type_vocab_size",
    "vocab_size",
)
# Choices of the original that the native architecture made once and for all; the value is both
# what it made and what the original takes where the config is silent.
FIXED = {
    "layer_norm_type": "layer_norm",
    "logn_attention_clip1": False,
    "logn_attention_scale": False,
    "pack_qkv": True,
    "position_embedding_type": "rope",
}


def native_config(original: dict[str, Any], who: str) -> dict[str, Any]:
    """Rewrite the config.json of a `new` checkpoint for the native architecture.

    What only concerns speed (unpad_inputs, use_memory_efficient_attention) is left out.

    Raises:
        UserError: a setting is missing, or one that `gte` cannot express; begins with `who` and
            names the key.
    """
    for key, only in FIXED.items():
        if original.get(key, only) != only:
            raise _not_expressible(who, key, original[key], only)
    missing = [key for key in SHARED if key not in original]
    if missing:
        raise UserError(
            f"{who}: its config.json lacks {', '.join(missing)}: "
            "it is not the config of a GTE checkpoint."
        )
    return {key: original[key] for key in SHARED} | {
        "model_type": "gte",
        "architectures": [_native_name(name) for name in original["architectures"] or ()],
        "rope_parameters": _rope_parameters(original, who),
    }


def _native_name(architecture: str) -> str:
    return architecture.replace("New", "Gte", 1)


def _rope_parameters(original: dict[str, Any], who: str) -> dict[str, Any]:
    """Return the native `rope_parameters` of the original's rotary embedding.

    With rope_scaling {type: ntk, factor: s} the original turns the base theta into s * theta and
    then divides every inverse frequency by s^(2/d), d being the size of a head:

        w_i = 1 / ((s * theta)^(2i/d) * s^(2/d)),  i = 0 ... d/2 - 1

    The first step alone, which is the default of `gte` (theta 160000 for s = 8, theta = 20000), is
    another model. There is no native rope_type for both, but `linear` divides all frequencies by
    its factor, so that linear with the factor s^(2/d) and the base s * theta is the same formula.
    """
    scaling, theta = original.get("rope_scaling"), original.get("rope_theta", 10_000.0)
    if scaling is None:
        return {"rope_type": "default", "rope_theta": float(theta)}
    if set(scaling) != {"type", "factor"} or scaling["type"] != "ntk":
        raise _not_expressible(who, "rope_scaling", scaling, {"type": "ntk", "factor": 8.0})
    head_size = original["hidden_size"] // original["num_attention_heads"]
    return {
        "rope_type": "linear",
        "rope_theta": float(scaling["factor"] * theta),
        "factor": float(scaling["factor"] ** (2 / head_size)),
    }


def _not_expressible(who: str, key: str, value: Any, only: Any) -> UserError:
    return UserError(
        f"{who}: its config.json sets {key} to {value!r}, which transformers' own gte "
        f"architecture cannot express (it can {only!r}): choose another checkpoint."
    )


def rotary_note(config: GteConfig, who: str) -> str | None:
    """Say what a converted copy uses where its rotary embedding may not be the original's.

    The copy is used as it is: gte-multilingual-mlm-base, unlike gte-multilingual-base, was trained
    with theta 160000 and no scaling, and a config does not say which of the two it came from.
    """
    rope = config.rope_parameters
    if rope["rope_type"] != "default" or rope["rope_theta"] != config.default_theta:
        return None
    return (
        f"{who} is a converted copy of GTE whose rotary embedding is plain, theta "
        f"{rope['rope_theta']:g}; it is used so. The original gte-multilingual-base divides all "
        "frequencies by 8^(2/head size) too, and is loaded so from its own checkpoint."
    )
