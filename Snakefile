# Lion versus AdamW for cross-encoder reranking: from a collection to an IEEE paper.
from snakemake.utils import min_version

min_version("9.0")


configfile: f"{workflow.basedir}/config.yaml"


include: "rules/common.smk"
include: "rules/sources.smk"
include: "rules/collections.smk"
include: "rules/retrieval.smk"
include: "rules/training.smk"
include: "rules/reranking.smk"
include: "rules/evaluation.smk"
include: "rules/paper/tables.smk"
include: "rules/paper/figures.smk"
include: "rules/paper.smk"
include: "rules/audit.smk"
include: "rules/hub.smk"
include: "rules/release.smk"
include: "rules/report.smk"


onstart:
    wait_for_jobs_left_behind()


localrules:
    all,
    trainings,
    run_files,


# The paper and its source, every test set evaluated, every best epoch, every checkpoint with its card.
rule all:
    default_target: True
    input:
        "paper/main.pdf",
        "paper/arxiv.tar.gz",
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
