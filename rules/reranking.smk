# Run files: the first stage's candidates, in its order and in that of every checkpoint, trained here
# or not.

SHARDS = config["reranking"]["shards"]


# Whole topics of one test set, which as many jobs score.
scattergather:
    shards=SHARDS,


# The one that makes a run file where there are several shards.
ruleorder: join_shards > rerank


localrules:
    join_shards,


rule first_stage:
    input:
        candidates=lambda wildcards: PLAN.results.ranked_by(**wildcards),
    output:
        ensure("results/{folder}{first_stage}.trec", non_empty=True),
    log:
        "logs/reranking/{folder}{first_stage}.log",
    benchmark:
        "timings/reranking/{folder}{first_stage}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=6000,
    params:
        code=code("reranking/first_stage.py"),
    message:
        "Writing the first stage's run file {output}"
    script:
        "../workflow/scripts/reranking/first_stage.py"


rule rerank:
    input:
        checkpoint="checkpoints/{checkpoint}",
        candidates=lambda wildcards: PLAN.results.test_set_in(wildcards.folder).candidates,
    output:
        ensure("results/{folder}{checkpoint}.trec", non_empty=True),
    log:
        "logs/reranking/{folder}{checkpoint}.log",
    benchmark:
        "timings/reranking/{folder}{checkpoint}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: config["hardware"]["threads"]
    resources:
        gpu=min(config["hardware"]["gpus"], 1),
        gpu_model="",
        mem_mb=8000,
    params:
        precision=lambda wildcards: PLAN.precision(wildcards.checkpoint),
        tag="{checkpoint}",
        code=code("reranking/rerank.py"),
    message:
        "Reranking {output} ({threads} threads, {resources.mem_mb} MB, gpu={resources.gpu} {resources.gpu_model})"
    script:
        "../workflow/scripts/reranking/rerank.py"


use rule rerank as rerank_shard with:
    output:
        temp("reranking/{folder}{checkpoint}.{scatteritem}.trec"),
    log:
        "logs/reranking/{folder}{checkpoint}.{scatteritem}.log",
    benchmark:
        "timings/reranking/{folder}{checkpoint}.{scatteritem}.tsv"


# Another precision is another scoring: rounding its result is not the same.
use rule rerank as rerank_again with:
    output:
        ensure("results/{folder}{checkpoint}.{precision}.trec", non_empty=True),
    log:
        "logs/reranking/{folder}{checkpoint}.{precision}.log",
    benchmark:
        "timings/reranking/{folder}{checkpoint}.{precision}.tsv"
    wildcard_constraints:
        checkpoint="|".join(PLAN.replication.systems) or NOTHING,
        precision="bf16|fp32",
    params:
        precision="{precision}",
        tag="{checkpoint}",
        code=code("reranking/rerank.py"),


rule join_shards:
    input:
        gather.shards("reranking/{{folder}}{{checkpoint}}.{scatteritem}.trec"),
    output:
        ensure("results/{folder}{checkpoint}.trec", non_empty=True),
    log:
        "logs/reranking/{folder}{checkpoint}.log",
    benchmark:
        "timings/reranking/{folder}{checkpoint}.tsv"
    wildcard_constraints:
        # A single shard is the run file itself.
        checkpoint=branch(SHARDS > 1, then=PLAN.checkpoint_pattern, otherwise=NOTHING),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code("reranking/join_shards.py"),
    message:
        "Joining the shards of {output}"
    script:
        "../workflow/scripts/reranking/join_shards.py"
