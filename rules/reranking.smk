# Run files: the first stage's candidates, in its order and in that of every checkpoint, trained here
# or not.

SHARDS = config["reranking"]["shards"]


# Whole topics of one test set, which as many jobs score.
scattergather:
    shards=SHARDS,


# What makes a run file: of windows where a test set's documents are scored in some, else of shards
# where there are several.
ruleorder: aggregate > join_shards > rerank
ruleorder: join_windows > score_windows


localrules:
    join_shards,
    join_windows,
    aggregate,


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
        scoring=lambda wildcards: PLAN.scorings.in_folder(wildcards.folder),
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
        scoring=None,
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


# Once, however many test sets aggregate them.
rule score_windows:
    input:
        checkpoint="checkpoints/{checkpoint}",
        candidates="retrieval/{collection}/{topics}{by}.candidates.parquet",
    output:
        "reranking/windows/{collection}/{topics}{by}/{division}/{checkpoint}.parquet",
    log:
        "logs/reranking/windows/{collection}.{topics}{by}.{division}.{checkpoint}.log",
    benchmark:
        "timings/reranking/windows/{collection}.{topics}{by}.{division}.{checkpoint}.tsv"
    # The longest jobs of scoring, and several test sets wait for each.
    priority: 1
    conda:
        "../envs/lionrank.yaml"
    threads: config["hardware"]["threads"]
    resources:
        gpu=min(config["hardware"]["gpus"], 1),
        gpu_model="",
        mem_mb=8000,
    params:
        division=lambda wildcards: PLAN.scorings.divisions()[wildcards.division],
        precision=lambda wildcards: PLAN.precision(wildcards.checkpoint),
        code=code("reranking/score_windows.py"),
    message:
        "Scoring windows for {output} ({threads} threads, {resources.mem_mb} MB, gpu={resources.gpu} {resources.gpu_model})"
    script:
        "../workflow/scripts/reranking/score_windows.py"


use rule score_windows as score_windows_shard with:
    output:
        temp(
            "reranking/windows/{collection}/{topics}{by}/{division}/{checkpoint}.{scatteritem}.parquet"
        ),
    log:
        "logs/reranking/windows/{collection}.{topics}{by}.{division}.{checkpoint}.{scatteritem}.log",
    benchmark:
        "timings/reranking/windows/{collection}.{topics}{by}.{division}.{checkpoint}.{scatteritem}.tsv"


rule join_windows:
    input:
        gather.shards(
            "reranking/windows/{{collection}}/{{topics}}{{by}}/{{division}}/{{checkpoint}}.{scatteritem}.parquet"
        ),
    output:
        "reranking/windows/{collection}/{topics}{by}/{division}/{checkpoint}.parquet",
    log:
        "logs/reranking/windows/{collection}.{topics}{by}.{division}.{checkpoint}.log",
    benchmark:
        "timings/reranking/windows/{collection}.{topics}{by}.{division}.{checkpoint}.tsv"
    wildcard_constraints:
        # A single shard is the file itself.
        checkpoint=branch(SHARDS > 1, then=PLAN.checkpoint_pattern, otherwise=NOTHING),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code("reranking/join_windows.py"),
    message:
        "Joining the shards of {output}"
    script:
        "../workflow/scripts/reranking/join_windows.py"


rule aggregate:
    input:
        lambda wildcards: PLAN.scorings.windows(
            PLAN.results.test_set_in(wildcards.folder).name, wildcards.checkpoint
        ),
    output:
        ensure("results/{folder}{checkpoint}.trec", non_empty=True),
    log:
        "logs/reranking/{folder}{checkpoint}.log",
    benchmark:
        "timings/reranking/{folder}{checkpoint}.tsv"
    wildcard_constraints:
        folder=PLAN.scorings.folders_pattern or NOTHING,
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        scoring=lambda wildcards: PLAN.scorings.in_folder(wildcards.folder),
        tag="{checkpoint}",
        code=code("reranking/aggregate.py"),
    message:
        "Aggregating windows to {output}"
    script:
        "../workflow/scripts/reranking/aggregate.py"
