"""How many tokens a model can read at once."""

from transformers import PreTrainedModel

from lionrank.cross_encoder.unpadded import counted_from

POSITIONS = ("max_position_embeddings", "max_seq_len")
"""What configs call the number of their positions; the second is MPT's."""

NONE_STATED = -1
"""What XLNet's config gives for its positions: they are relative."""


def positions_of(model: PreTrainedModel) -> int | None:
    """Return how many tokens a pair may have; None where the model tells distances alone."""
    config = model.config
    parts = (config, config.get_text_config(), getattr(config, "encoder", None))
    stated = [getattr(part, name, None) for part in parts for name in POSITIONS]
    known = [each for each in stated if each not in (None, NONE_STATED)]
    padding = counted_from(model)
    first = 0 if padding is None else padding + 1
    return min(known) - first if known else None


def longest(model: PreTrainedModel) -> int | None:
    """Return how many tokens may be scored at once as one pair; None where there is no limit."""
    known = [positions_of(model), positions_of_one_rotation(model)]
    return min((each for each in known if each is not None), default=None)


def positions_of_one_rotation(model: PreTrainedModel) -> int | None:
    """Return how long a batch may be for one rotary embedding, that of Phi-3's short contexts."""
    stated = getattr(model.config.get_text_config(), "rope_parameters", None) or {}
    kinds = [stated, *(each for each in stated.values() if isinstance(each, dict))]
    known = [
        k["original_max_position_embeddings"] for k in kinds if k.get("rope_type") == "longrope"
    ]
    return min(known, default=None)
