# Lion versus AdamW for cross-encoder reranking: from a collection to an IEEE paper.
from pathlib import Path

from snakemake.utils import min_version

min_version("9.0")


configfile: str(Path(workflow.basedir) / "config.yaml")


include: "rules/common.smk"
include: "rules/sources.smk"
include: "rules/collections.smk"
include: "rules/retrieval.smk"
include: "rules/training.smk"
include: "rules/reranking.smk"
include: "rules/evaluation.smk"
include: "rules/tables.smk"
include: "rules/figures.smk"
include: "rules/paper.smk"
include: "rules/audit.smk"
include: "rules/hub.smk"


localrules:
    all,
    trainings,
    run_files,
    best_epochs,


# The paper, every test set evaluated, every best epoch, and every checkpoint with its model card.
rule all:
    default_target: True
    input:
        "paper/main.pdf",
        results(".eval"),
        expand("results/per_query/{test_set}.parquet", test_set=TEST_SETS),
        all_best_epochs(),
        expand("hub/{checkpoint}", checkpoint=CHECKPOINTS),


# Every checkpoint of the grid.
rule trainings:
    input:
        expand("checkpoints/{checkpoint}", checkpoint=CHECKPOINTS),


# Every run file of the grid with its trec_eval file.
rule run_files:
    input:
        results(".trec"),
        results(".eval"),


# The best epoch of every training on development data.
rule best_epochs:
    input:
        all_best_epochs(),
