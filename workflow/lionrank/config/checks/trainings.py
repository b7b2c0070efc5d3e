"""Checking the config: models, optimizers, and the settings of trainings.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.config.settings import training_settings
from lionrank.config.training_data import passages_of
from lionrank.config.treatments import treatment
from lionrank.errors import UserError

OF_TRAINING = {"lr": "learning_rate", "weight_decay": "weight_decay"}
"""Arguments of optimizers that are settings of a training."""

NOT_FOR_TRAINING = {
    "torch.optim.LBFGS": "computes the loss several times a step",
    "torch.optim.Muon": "takes matrices only, and every model has biases",
    "torch.optim.SparseAdam": "takes sparse gradients only",
}
WITHOUT_WEIGHT_DECAY = ("torch.optim.Rprop",)
"""What is known of torch's own classes without importing them; of others, a training finds out."""

GIVEN = {"num_labels", "vocab_size"} | {f"{name}_token_id" for name in ("pad", "cls", "sep")}
GIVEN |= {"bos_token_id", "eos_token_id"}
"""Keys of a transformers configuration that are no choice here."""


def check_models(config: Mapping[str, Any]) -> None:
    """Check that each model has one start, and nothing that a cross-encoder determines."""
    for name, model in config["models"].items():
        architecture = model.get("architecture")
        if (model["pretrained"] is None) != (architecture is not None):
            raise UserError(f"config: models.{name}: set either pretrained or architecture")
        if model["pretrained"] is None and model.get("tokenizer") is None:
            raise UserError(f"config: models.{name}.tokenizer: a random start needs one")
        if given := sorted(GIVEN & (architecture or {}).keys()):
            raise UserError(
                f"config: models.{name}.architecture.{given[0]}: leave it out; a cross-encoder has "
                "one label, and its tokenizer says the rest"
            )


def check_training(config: Mapping[str, Any]) -> None:
    """Check what the layers of the trainings say of warm-up, and that a step has an example."""
    training = config["training"]
    layers = {"defaults": training["defaults"]} | {
        f"{kind}.{name}": layer
        for kind in ("models", "optimizers", "treatments", "models_and_optimizers")
        for name, layer in training[kind].items()
    }
    for place, layer in layers.items():
        warmup = layer.get("warmup", 0)
        if warmup >= 1 and warmup != int(warmup):
            raise UserError(
                f"config: training.{place}.warmup: {warmup} is neither a share below 1 nor a whole "
                "number of steps"
            )
    for optimizer in config["grid"]["optimizers"]:
        data = treatment(config, optimizer).data
        if data not in config["training_data"]:
            continue
        passages = passages_of(config["training_data"][data])
        for model in config["grid"]["models"]:
            size = training_settings(config, model, optimizer)["global_batch_size"]
            if size < passages:
                raise UserError(
                    f"config: training: global_batch_size is {size} passages for {model} and "
                    f"{optimizer}, and an example of training_data.{data} has up to {passages}: "
                    "raise it to as many or more"
                )


def check_optimizers(config: Mapping[str, Any]) -> None:
    """Check that each optimizer can train, and has what is printed of it from one place."""
    for name, optimizer in config["optimizers"].items():
        for argument in OF_TRAINING.keys() & optimizer["arguments"].keys():
            raise UserError(
                f"config: optimizers.{name}.arguments.{argument}: this is a setting of the "
                f"training: write it as training.optimizers.{name}.{OF_TRAINING[argument]}"
            )
        if reason := NOT_FOR_TRAINING.get(optimizer["class"]):
            raise UserError(
                f"config: optimizers.{name}.class: {optimizer['class']} {reason}: take another"
            )
        if optimizer["class"] in WITHOUT_WEIGHT_DECAY:
            for model in config["models"]:
                if training_settings(config, model, name)["weight_decay"]:
                    raise UserError(
                        f"config: optimizers.{name}.class: {optimizer['class']} has no weight "
                        f"decay: set training.optimizers.{name}.weight_decay to 0"
                    )
