"""Cross-encoders that sentence-transformers composes of modules, as one of transformers' own.

The rerankers on Ettin are ModernBERT, the state of a pair's first token (or the mean of all), a
dense layer with GELU, a layer norm, and a dense layer with one output. That is what transformers'
ModernBertForSequenceClassification computes, but for the norm's bias b, which goes into that of the
last layer:

    w (n(x) + b) + c = w n(x) + (c + w b)
"""

from collections.abc import Iterator
from typing import Any

from sentence_transformers.base.modules import Dense
from sentence_transformers.sentence_transformer.modules import LayerNorm, Pooling
from torch import Tensor, nn
from transformers import ModernBertConfig, PreTrainedConfig

from lionrank.cross_encoder.pretrained import MODULES, OWN_MODULES, Pretrained, one_line
from lionrank.cross_encoder.weights import WEIGHTS
from lionrank.wording import listed

TRANSFORMER = "Transformer"
HEAD = {"Pooling": Pooling, "Dense": Dense, "LayerNorm": LayerNorm}
PASSED_ON, SCORES = "sentence_embedding", "scores"
"""What modules call the vector of a pair, and a pair's score."""

CLASSIFIER = (TRANSFORMER, "Pooling", "Dense", "LayerNorm", "Dense")

Chain = list[tuple[str, str]]
"""The classes of the modules, without the package where it is sentence-transformers' own, and the
folders within the model's that they lie in."""


def read_chain(source: Pretrained) -> Chain:
    """Return the modules of a folder; without a list of them there, it is one of transformers.

    Raises:
        UserError: the list is damaged, or of modules that are not followed.
    """
    modules = source.modules()
    if modules is None:
        return [(TRANSFORMER, "")]
    chain = [(_name(kind), place) for kind, place in modules]
    names = tuple(name for name, _ in chain)
    if names not in ((TRANSFORMER,), CLASSIFIER) or chain[0][1]:
        raise source.unfit(
            f"it is composed of {listed(names) if names else 'no modules'}, by its {MODULES}, "
            f"which is no classifier of transformers; {listed(CLASSIFIER)} are, on ModernBERT"
        )
    return chain


def _name(kind: str) -> str:
    return kind.rpartition(".")[2] if kind.startswith(OWN_MODULES) else kind


def as_classifier(source: Pretrained, chain: Chain) -> tuple[PreTrainedConfig, dict[str, Tensor]]:
    """Return config and weights of the one model that a chain of modules is.

    Raises:
        UserError: it is none of transformers.
    """
    pooling, dense, norm, last = (_load(source, name, path) for name, path in chain[1:])
    if differing := list(_differing(source.stated(), pooling, dense, norm, last)):
        raise source.unfit(
            f"its modules ({MODULES}) are no classifier of transformers, by {listed(differing)}"
        )
    config = source.config(
        architectures=["ModernBertForSequenceClassification"],
        classifier_pooling=pooling.pooling_mode,
        classifier_bias=False,
        classifier_activation="gelu",
    )
    weight, bias = last.linear.weight.detach(), last.linear.bias.detach()
    shift = weight.double() @ norm.norm.bias.detach().double()
    head = {
        "head.dense.weight": dense.linear.weight.detach(),
        "head.norm.weight": norm.norm.weight.detach(),
        "classifier.weight": weight,
        "classifier.bias": (bias.double() + shift).to(bias.dtype),
    }
    body = {f"model.{name}": weight for name, weight in source.weights().items()}
    return config, body | head


def _load(source: Pretrained, name: str, path: str) -> Any:
    """Return a module of the head; sentence-transformers would read a pickle, too."""
    folder = source.folder / path
    if name != "Pooling" and not (folder / WEIGHTS).is_file():
        raise source.unfit(f"{path}/{WEIGHTS} is missing, and pickles are never loaded")
    try:
        return HEAD[name].load(str(source.folder), subfolder=path, local_files_only=True)
    except Exception as error:
        raise source.damaged(f"its module {path} cannot be read ({one_line(error)})") from error


def _differing(
    stated: dict[str, Any], pooling: Pooling, dense: Dense, norm: LayerNorm, last: Dense
) -> Iterator[str]:
    """Yield what transformers' classifier has otherwise."""
    plain = ModernBertConfig()
    if stated.get("model_type") != plain.model_type:
        yield f"the architecture {stated.get('model_type')!r}"
    if stated.get("norm_bias") or stated.get("norm_eps", plain.norm_eps) != norm.norm.eps:
        yield "norms of another bias or epsilon in the body"
    if pooling.pooling_mode not in ("cls", "mean"):
        yield f"the pooling {pooling.pooling_mode!r}"
    for layer, activation, bias, outputs in (
        (dense, nn.GELU, False, pooling.embedding_dimension),
        (last, nn.Identity, True, 1),
    ):
        found = layer.activation_function
        if type(found) is not activation or getattr(found, "approximate", "none") != "none":
            yield f"the activation function {type(found).__name__}"
        if layer.use_residual or layer.bias is not bias or layer.out_features != outputs:
            yield "the residuals, biases or sizes of its dense layers"
    passed = {dense.module_input_name, dense.module_output_name, last.module_input_name}
    if passed != {PASSED_ON} or last.module_output_name != SCORES:
        yield "what its dense layers read and write"
