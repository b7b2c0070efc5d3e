# The grid, the wildcards and the functions with which rules ask the config; no rules.
from pathlib import Path

from snakemake.exceptions import WorkflowError

from lionrank import config as settings
from lionrank import fingerprint
from lionrank.errors import UserError

ROOT = Path(workflow.basedir)
PAPER = ROOT / "paper"

try:
    settings.check(config, ROOT / "schemas" / "config.schema.yaml")
except UserError as error:
    raise WorkflowError(str(error)) from None

MODELS = config["grid"]["models"]
OPTIMIZERS = config["grid"]["optimizers"]
EPOCHS = range(1, config["grid"]["epochs"] + 1)
TEST_SETS = config["grid"]["test_sets"]
CHECKPOINTS = expand(
    "{model}_{optimizer}_e{epoch}", model=MODELS, optimizer=OPTIMIZERS, epoch=EPOCHS
)
SYSTEMS = ["bm25", *CHECKPOINTS]


wildcard_constraints:
    model="|".join(config["models"]),
    optimizer="|".join(config["optimizers"]),
    epoch="|".join(map(str, EPOCHS)),
    collection="|".join(config["collections"]),
    topics="train|dev|test",
    # The folder below results/: none for the first test set, its name for every other.
    folder="({})?".format("|".join(f"{name}/" for name in TEST_SETS[1:])),
    system="|".join(SYSTEMS),


def test_set(wildcards):
    """The settings of the test set whose run files lie in this folder of results/."""
    return config["test_sets"][wildcards.folder.rstrip("/") or TEST_SETS[0]]


def folder(name):
    """The folder below results/ of a test set's run files."""
    return "" if name == TEST_SETS[0] else f"{name}/"


def candidates_of(wildcards):
    """The candidates of the test set whose run files lie in this folder of results/."""
    return "retrieval/{collection}/{topics}.candidates.parquet".format(**test_set(wildcards))


def results(ending):
    """The results of every system on every test set, as files with this ending."""
    return [f"results/{folder(name)}{system}{ending}" for name in TEST_SETS for system in SYSTEMS]


def code(script):
    """A param that changes when the script or a lionrank module that it imports does."""
    return f"{script} {fingerprint.of_script(ROOT / 'workflow' / 'scripts' / script)}"


def training_settings(model, optimizer):
    """The resolved settings of one training."""
    return settings.training_settings(config, model, optimizer)


def backbone(wildcards):
    """A model's entry in the config without its label, which changes no weight."""
    return {
        key: value for key, value in config["models"][wildcards.model].items() if key != "label"
    }


def labels(wildcards):
    """How the tidy tables name a run file; BM25 has no model and no optimizer, and epoch 0."""
    model, optimizer, epoch = (
        ("", "", "e0") if wildcards.system == "bm25" else wildcards.system.split("_")
    )
    return {
        "test_set": wildcards.folder.rstrip("/") or TEST_SETS[0],
        "system": wildcards.system,
        "model": model,
        "optimizer": optimizer,
        "epoch": int(epoch.removeprefix("e")),
    }


def start_of(model):
    """How a model's weights start, in the words of tables and captions."""
    return (
        "tiny, untrained start" if config["models"][model]["pretrained"] is None else "pretrained"
    )


def paper_grid(wildcards):
    """Models, optimizers and epochs as the paper prints them."""
    return {
        "models": {
            model: {"label": config["models"][model]["label"], "start": start_of(model)}
            for model in MODELS
        },
        "optimizers": {name: config["optimizers"][name]["label"] for name in OPTIMIZERS},
        "epochs": list(EPOCHS),
    }


def all_settings(wildcards):
    """The resolved settings of every training, with what its table shows besides."""
    return {
        f"{model}_{optimizer}": training_settings(model, optimizer)
        | {
            "start": start_of(model),
            "betas": config["optimizers"][optimizer]["arguments"].get("betas"),
        }
        for model in MODELS
        for optimizer in OPTIMIZERS
    }


def training_logs(wildcards):
    """The logs of every training, in the order of their epochs."""
    return {
        f"{model}_{optimizer}": [f"training/{model}_{optimizer}_e{epoch}.jsonl" for epoch in EPOCHS]
        for model in MODELS
        for optimizer in OPTIMIZERS
    }
