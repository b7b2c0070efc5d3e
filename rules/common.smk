# What all rules share: the grid, the wildcards, the image, and the functions with which they ask the
# config; no rules.
import gc
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from lionrank.config import check as settings
from lionrank.config import experiment
from lionrank.config import fingerprint
from lionrank.jobs import left_behind as slurm
from lionrank.config import sources as pinned
from lionrank.errors import UserError
from lionrank.grid import FIRST_STAGE

# Else the collector would walk all that Snakemake has imported, again and again, while it plans.
gc.freeze()

ROOT = Path(workflow.basedir)
PAPER = ROOT / "paper"
PUBLISHED = PAPER / "published"

try:
    TABLE = ROOT / lookup(within=config, dpath="sources/table", default="config/sources.csv")
    SOURCES = pinned.read_table(TABLE)
    settings.check(config, ROOT / "schemas" / "config.schema.yaml", SOURCES)
    # Before Snakemake looks at what is there, as a job may end between the two.
    LEFT_BEHIND = slurm.running(Path()) if workflow.is_main_process else {}
except UserError as error:
    raise WorkflowError(str(error)) from None

MODELS = config["grid"]["models"]
OPTIMIZERS = config["grid"]["optimizers"]
EPOCHS = range(1, config["grid"]["epochs"] + 1)
TEST_SETS = config["grid"]["test_sets"]
REPORTED = experiment.reported(config)
DEV_SETS = config["grid"]["dev_sets"]
CHECKPOINTS = expand(
    "{model}_{optimizer}_e{epoch}", model=MODELS, optimizer=OPTIMIZERS, epoch=EPOCHS
)
SYSTEMS = [FIRST_STAGE, *CHECKPOINTS]
SHARDS = config["reranking"]["shards"]
NEEDED_SOURCES = experiment.needed_sources(config)
TOPICS = {"train", "dev", "test"} | {
    entry["topics"] for kind in ("test_sets", "dev_sets") for entry in config[kind].values()
}
CANDIDATES = "retrieval/{collection}/{topics}.candidates.parquet"
QRELS = "collections/{collection}/qrels.{topics}.txt"


# Made as docs/software.md says; only --software-deployment-method apptainer asks for it.
container: f"{ROOT}/envs/lionrank.sif"


wildcard_constraints:
    model="|".join(config["models"]),
    optimizer="|".join(config["optimizers"]),
    epoch="|".join(map(str, EPOCHS)),
    collection="|".join(config["collections"]),
    topics="|".join(sorted(TOPICS)),
    source="|".join(SOURCES),
    # The folder below results/: none for the first test set, its name for every other.
    folder="({})?".format("|".join(f"{name}/" for name in TEST_SETS[1:])),
    system="|".join(SYSTEMS),
    test_set="|".join(TEST_SETS),


def test_set_in(folder):
    """The test set whose run files lie in this folder of results/."""
    return folder.rstrip("/") or TEST_SETS[0]


def folder(name):
    """The folder below results/ of a test set's run files."""
    return "" if name == TEST_SETS[0] else f"{name}/"


def candidates_of(wildcards):
    """The candidates of the test set whose run files lie in this folder of results/."""
    return CANDIDATES.format(**config["test_sets"][test_set_in(wildcards.folder)])


def qrels_of(name):
    """The judgements of a test set."""
    return QRELS.format(**config["test_sets"][name])


def of_dev_sets(pattern):
    """The files of this pattern of every dev set, in the grid's order."""
    return [pattern.format(**config["dev_sets"][name]) for name in DEV_SETS]


def run_files_of(name, ending=".trec"):
    """The results of every system on a test set, as files with this ending."""
    systems = experiment.systems(config, name, CHECKPOINTS)
    return [f"results/{folder(name)}{system}{ending}" for system in systems]


def results(ending, test_sets=TEST_SETS):
    """The results of every system on some test sets, as files with this ending."""
    return [path for name in test_sets for path in run_files_of(name, ending)]


def archived_results(wildcards):
    """The results that the paper is made of, and those on other test sets that are all there."""
    files = []
    for name in TEST_SETS:
        own = [
            *run_files_of(name),
            *run_files_of(name, ".eval"),
            f"results/per_query/{name}.parquet",
        ]
        if name in REPORTED or all(Path(path).exists() for path in own):
            files += own
    return files


def all_best_epochs():
    """The best epoch of every training."""
    return expand("training/{model}_{optimizer}.best.json", model=MODELS, optimizer=OPTIMIZERS)


def of_every_seed(paths):
    """These files of this experiment, and then of those that differ from it in their seed."""
    folders = config["comparisons"]["other_seeds"]
    return [*paths, *(f"{folder}/{path}" for folder in folders for path in paths)]


def draws():
    """How the tests of significance and the bootstrap draw."""
    keys = ("permutations", "resamples", "confidence", "seed")
    return {key: config["comparisons"][key] for key in keys}


def scores_to_stop_by(wildcards):
    """The development scores of the epochs before, where a training may stop early."""
    if not training_settings(wildcards.model, wildcards.optimizer)["early_stopping"]:
        return []
    return dev_scores_of(wildcards, range(1, int(wildcards.epoch)))


def dev_scores_of(wildcards, epochs):
    """The development scores of some epochs of a training."""
    return [
        f"training/{wildcards.model}_{wildcards.optimizer}_e{epoch}.dev.json" for epoch in epochs
    ]


def dev_scores_so_far(wildcards):
    """The development scores of a training up to an epoch."""
    return dev_scores_of(wildcards, range(1, int(wildcards.epoch) + 1))


def collections_in(*formats):
    """A constraint that only the names of collections in these formats satisfy."""
    return "|".join(experiment.of_format(config, *formats)) or "(?!)"


def collection_of(wildcards):
    """The settings of a collection."""
    return config["collections"][wildcards.collection]


def collection_folders(wildcards):
    """Where the source of a collection lies, by name."""
    source = collection_of(wildcards).get("source")
    return {source: f"sources/{source}"} if source else {}


def corpus_files(wildcards):
    """The user's files, or the source, from which a corpus is imported."""
    match collection_of(wildcards):
        case {"format": "beir", "folder": folder}:
            return [f"{folder}/corpus.jsonl"]
        case {"format": "anserini", "corpus": corpus}:
            return [corpus]
    return list(collection_folders(wildcards).values())


def topic_files(wildcards):
    """The user's files, or the source, from which topics and judgements are imported."""
    match collection_of(wildcards):
        case {"format": "beir", "folder": folder}:
            return [f"{folder}/queries.jsonl", f"{folder}/qrels/{wildcards.topics}.tsv"]
        case {"format": "anserini", "topics": topics, "qrels": qrels}:
            return [topics[wildcards.topics], qrels[wildcards.topics]]
    return list(collection_folders(wildcards).values())


def track_source(wildcards, kind):
    """Where the topics or qrels of an evaluation track lie."""
    return f"sources/{collection_of(wildcards)[kind][wildcards.topics]}"


def test_topics(wildcards):
    """The names of a collection's topics that are test sets of the grid."""
    test_sets = [config["test_sets"][name] for name in TEST_SETS]
    return [each["topics"] for each in test_sets if each["collection"] == wildcards.collection]


def code(script):
    """A param that changes when the script or a lionrank module that it imports does."""
    return f"{script} {fingerprint.of_script(ROOT / 'workflow' / 'scripts' / script)}"


def pairs_file(name):
    """A file of the collection whose pairs are trained on."""
    return "collections/{}/{}".format(config["training_pairs"]["collection"], name)


def training_settings(model, optimizer):
    """The resolved settings of one training."""
    return settings.training_settings(config, model, optimizer)


def backbone(wildcards):
    """A model's entry in the config without its label, which changes no weight."""
    return {
        key: value for key, value in config["models"][wildcards.model].items() if key != "label"
    }


def model_folders(wildcards):
    """Where the sources of a model lie, by name."""
    names = experiment.model_sources(config["models"][wildcards.model])
    return {name: f"sources/{name}" for name in names}


def repository_of(wildcards):
    """The repository on the Hugging Face hub that a checkpoint becomes."""
    namespace = config["hub"]["namespace"]
    if namespace is None:
        raise WorkflowError(
            "hub.namespace is null: set it in the config to the user or organisation on the "
            "Hugging Face hub whose repositories the checkpoints are to become."
        )
    return f"{namespace}/{wildcards.model}-{wildcards.optimizer}-e{wildcards.epoch}"


def card_facts(wildcards):
    """What a model card says besides what the checkpoint itself knows."""
    return experiment.model_card_facts(config, wildcards.model, SOURCES)


def folder_to_push(wildcards):
    """A checkpoint with its card; nothing is trained for a push that has nowhere to go."""
    repository_of(wildcards)
    return "hub/{model}_{optimizer}_e{epoch}"


def labels(name):
    """How the tidy tables name a test set's run files, in the order of `run_files_of`.

    BM25 has no model, no optimizer, no epoch and no seed.
    """
    columns = ["test_set", "system", "model", "optimizer", "epoch", "seed", "protocol"]
    untrained = (FIRST_STAGE, None, None, None, None)
    trained = [
        (f"{model}_{optimizer}_e{epoch}", model, optimizer, epoch, seed_of(model, optimizer))
        for model in MODELS
        for optimizer in OPTIMIZERS
        for epoch in EPOCHS
    ]
    systems = [untrained, *trained] if experiment.has_first_stage(config, name) else trained
    return [dict(zip(columns, (name, *row, config["protocol"]), strict=True)) for row in systems]


def seed_of(model, optimizer):
    """The seed of a training."""
    return training_settings(model, optimizer)["seed"]


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


def paper_test_sets():
    """What the paper says of its test sets; the first is the one that it is mainly about."""
    return {
        name: {
            "label": config["test_sets"][name]["label"],
            "level": experiment.paper_level(config, name),
            "levels": experiment.relevance_levels(config, name),
            "first_stage": experiment.has_first_stage(config, name),
        }
        for name in REPORTED
    }


def all_settings(wildcards):
    """The resolved settings of every training."""
    return {
        f"{model}_{optimizer}": training_settings(model, optimizer)
        for model in MODELS
        for optimizer in OPTIMIZERS
    }


def judged_sets():
    """The grid's dev sets and the test sets of the paper: use, label, collection and topics."""
    named = [("development", config["dev_sets"][name]) for name in DEV_SETS]
    named += [("test", config["test_sets"][name]) for name in REPORTED]
    return [
        {"use": use} | {key: entry[key] for key in ("label", "collection", "topics")}
        for use, entry in named
    ]


def of_judged_sets(pattern):
    """The files of this pattern of `judged_sets`, in their order."""
    return [pattern.format(**each) for each in judged_sets()]


def collections_used():
    """The entries of the collections that are trained on or judged, by name."""
    names = [config["training_pairs"]["collection"]]
    names += [each["collection"] for each in judged_sets()]
    return {name: config["collections"][name] for name in names}


def passages_of(collection):
    """Where the passages of a collection lie, in a folder that the grid needs anyway."""
    entry = config["collections"][collection]
    if entry["format"] in experiment.WITH_CANDIDATES:
        return f"sources/{entry['source']}"
    return f"collections/{collection}/corpus"


def origins(wildcards):
    """Where the weights of every model come from, as its model card says."""
    facts = {model: experiment.model_card_facts(config, model, SOURCES) for model in MODELS}
    return {model: each["pretrained"] for model, each in facts.items()}


def training_logs(wildcards):
    """The logs of every training, in the order of their epochs."""
    return {
        f"{model}_{optimizer}": [f"training/{model}_{optimizer}_e{epoch}.jsonl" for epoch in EPOCHS]
        for model in MODELS
        for optimizer in OPTIMIZERS
    }


def logs_so_far(wildcards):
    """The training logs that are there, and when each was written."""
    paths = [path for logs in training_logs(wildcards).values() for path in logs]
    return {path: Path(path).stat().st_mtime for path in paths if Path(path).exists()}


def reranking_jobs():
    """The number of jobs that make the run files of all checkpoints, by rule."""
    run_files = len(CHECKPOINTS) * len(TEST_SETS)
    if SHARDS == 1:
        return {"rerank": run_files}
    return {"rerank_shard": run_files * SHARDS, "join_shards": run_files}


def jobs_of_the_grid():
    """The number of jobs of the rules that the grid multiplies."""
    return {
        "fetch": len(NEEDED_SOURCES),
        "initialise": len(MODELS) * len(OPTIMIZERS),
        "train_epoch": len(CHECKPOINTS),
        **reranking_jobs(),
        "evaluate": len(results(".eval")),
        "per_query": len(TEST_SETS),
        "dev_scores": len(CHECKPOINTS),
        "best_epoch": len(all_best_epochs()),
        "model_card": len(CHECKPOINTS),
    }


def wait_for_jobs_left_behind():
    """Wait for the jobs in Slurm of a Snakemake that was killed, then begin anew with their results.

    Snakemake has planned by now to make again what they are making.
    """
    if LEFT_BEHIND:
        slurm.wait_for(LEFT_BEHIND, Path())
        workflow.persistence.unlock()
        os.chdir(workflow.rundir)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
