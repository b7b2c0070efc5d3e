# What all rules share: the plan, the wildcards, the image, and the questions that several rule files
# ask of wildcards; no rules.
import gc
import sys
from functools import cache
from pathlib import Path

from snakemake import common, sourcecache
from snakemake import rules as job_rules
from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod
from snakemake.utils import update_config

from lionrank.config import (
    contrasts,
    evaluation,
    experiment,
    fingerprint,
    first_stages,
    formats,
    given,
    lotte,
    seeds,
    training_data,
)
from lionrank.config.plan import NOTHING, Plan
from lionrank.config.plan_of_paper import LESSON_TABLES, SEARCH_TABLES
from lionrank.config.settings import brief, training_settings
from lionrank.config.treatments import collection_of_data, needs_relevant, treatments
from lionrank.errors import UserError
from lionrank.grid import FIRST_STAGE
from lionrank.jobs import beforehand, choices, left_behind, location, repository, unchanged
from lionrank.published.study import PER_QUERY, SETTINGS, STUDY

# Else the collector would walk all that Snakemake has imported, and all jobs, again and again, while
# it plans.
gc.freeze()
gc.set_threshold(100_000, 50, 50)
# Else it would do for every job what it needs once a rule: take its script's path to pieces, and ask
# which parameters its functions have.
sourcecache.parse_uri = cache(sourcecache.parse_uri)
common.get_function_params = cache(common.get_function_params)
job_rules.get_function_params = common.get_function_params

ROOT = Path(workflow.basedir)
IN_IMAGE = DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method

try:
    fingerprint.check_package(ROOT)
    location.check(ROOT, sys.executable, IN_IMAGE)
    given.check_files(workflow.configfiles)
    update_config(config, given.typed(workflow.config_settings.config))
    PLAN = Plan.read(config, ROOT)
    # Before Snakemake looks at what is there, as a job may end between the two.
    LEFT_BEHIND = left_behind.running(Path()) if workflow.is_main_process else {}
except UserError as error:
    raise WorkflowError(str(error)) from None

# All that print the title find it where a config has it.
config["paper"]["title"] = experiment.title(config)


# Made as docs/software.md says. Declared only where it is asked for, as Snakemake would refuse a
# path with a space anywhere.
if IN_IMAGE:

    container: f"{ROOT}/envs/lionrank.sif"


wildcard_constraints:
    model="|".join(config["models"]),
    optimizer="|".join(treatments(config)),
    # What a training's seed adds to its name: nothing where it is the first.
    seed=seeds.PATTERN,
    data="|".join(config["training_data"]) or NOTHING,
    teacher="|".join(config["teachers"]) or NOTHING,
    epoch="|".join(map(str, PLAN.epochs)) or NOTHING,
    trial=PLAN.search.pattern,
    checkpoint=PLAN.checkpoint_pattern,
    collection="|".join(config["collections"]),
    topics="|".join(PLAN.collections.topics),
    study="|".join(PLAN.studies) or NOTHING,
    source="|".join(PLAN.sources),
    # What ranks, after the topics' name: nothing for BM25 and for candidates that a collection brings.
    by=r"(\.({}))?".format("|".join([FIRST_STAGE, *config["first_stages"]])),
    first_stage="|".join([FIRST_STAGE, *config["first_stages"]]),
    # The folder below results/: none for the first test set, its name for every other.
    folder="({})?".format("|".join(f"{name}/" for name in [*PLAN.test_sets][1:])),
    system=PLAN.results.system_pattern,
    division="|".join(PLAN.scorings.divisions()) or NOTHING,
    test_set="|".join(PLAN.test_sets),


def code(script):
    """A param that changes when the script or a lionrank module that it imports does."""
    return f"{script} {fingerprint.of_script(ROOT / 'workflow' / 'scripts' / script)}"


def of_repository(name):
    """A param by which a script finds a file of the repository, and that changes when it does."""
    return repository.named(ROOT, name)


def published_files(wildcards):
    """The files of a study that its claims are decided by, study.yaml first, as params."""
    return [of_repository(name) for name in PLAN.published.files(wildcards.study)]


def settings_of(wildcards):
    """The resolved settings of a training."""
    return training_settings(config, wildcards.model, wildcards.optimizer, wildcards.seed)


def precision_of(wildcards):
    """The precision in which a training's checkpoints compute."""
    return settings_of(wildcards)["precision"]


def collections_in(*names):
    """A constraint that only the names of collections in these formats satisfy."""
    return "|".join(formats.of_format(config, *names)) or NOTHING


def collection_of(wildcards):
    """The settings of a collection."""
    return config["collections"][wildcards.collection]


def removes_query(wildcards):
    """Whether a document with a topic's id is the query itself, and left out."""
    return formats.removes_query(config, wildcards.collection)


def collection_folders(wildcards):
    """Where the source of a collection lies, by name."""
    return formats.collection_folders(collection_of(wildcards))


def topic_files(wildcards):
    """The user's files, or the source, from which topics and judgements are imported."""
    return formats.topic_files(collection_of(wildcards), wildcards.topics)
