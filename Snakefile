# Lion versus AdamW for cross-encoder reranking: from a collection to an IEEE paper.
from snakemake.utils import min_version

min_version("9.0")


configfile: f"{workflow.basedir}/config.yaml"


include: "rules/common.smk"
include: "rules/sources.smk"
include: "rules/collections.smk"
include: "rules/training_data.smk"
include: "rules/retrieval.smk"
include: "rules/training.smk"
include: "rules/search.smk"
include: "rules/systems.smk"
include: "rules/reranking.smk"
include: "rules/teachers.smk"
include: "rules/evaluation.smk"
include: "rules/replication.smk"
include: "rules/claims.smk"
include: "rules/paper/tables/results.smk"
include: "rules/paper/tables/search.smk"
include: "rules/paper/tables/comparisons.smk"
include: "rules/paper/tables/setup.smk"
include: "rules/paper/tables/studies.smk"
include: "rules/paper/figures.smk"
include: "rules/paper.smk"
include: "rules/audit.smk"
include: "rules/release.smk"
include: "rules/report.smk"


onstart:
    left_behind.wait_and_begin_again(LEFT_BEHIND, workflow)
    unchanged.settle(workflow)
    choices.make_first(workflow)
    beforehand.check_gpus(config["hardware"], workflow)


onsuccess:
    choices.go_on(workflow)


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
        PLAN.results.of(".eval"),
        expand("results/per_query/{test_set}.parquet", test_set=PLAN.test_sets),
        PLAN.best_epochs(),
        expand("hub/{checkpoint}", checkpoint=PLAN.checkpoints),


# Every checkpoint of the grid.
rule trainings:
    input:
        expand("checkpoints/{checkpoint}", checkpoint=PLAN.checkpoints),


# Every run file of the grid with its trec_eval file.
rule run_files:
    input:
        PLAN.results.of(".trec"),
        PLAN.results.of(".eval"),
