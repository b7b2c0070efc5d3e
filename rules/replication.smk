# What the checkpoints of others and BM25 reach here, beside the values that were published of them.


localrules:
    rerankers,
    check_rerankers,
    check_first_stages,


rule replication:
    input:
        runs=PLAN.replication.passes(),
        qrels=[each.qrels for each in PLAN.replication.test_sets.values()],
        first_stages=PLAN.replication.first_stages(),
    output:
        "results/replication.json",
    log:
        "logs/evaluation/replication.log",
    benchmark:
        "timings/evaluation/replication.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        systems=PLAN.replication.replicated(),
        # Whether each has a first stage.
        test_sets={
            name: each.first_stage is not None for name, each in PLAN.replication.test_sets.items()
        },
        depth=PLAN.replication.depth(),
        study=[of_repository(name) for name in PLAN.replication.published()],
        code=code("replication/replication.py"),
    message:
        "Comparing published checkpoints with the values that were published"
    script:
        "../workflow/scripts/replication/replication.py"


rule rerankers:
    input:
        metrics=lambda wildcards: PLAN.replication.means_of_rerankers(),
    output:
        "results/rerankers.txt",
    log:
        "logs/evaluation/rerankers.log",
    benchmark:
        "timings/evaluation/rerankers.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        systems=PLAN.replication.rerankers(),
        published=of_repository("paper/published/rerankers.csv"),
        code=code("replication/rerankers.py"),
    message:
        "Comparing rerankers with the values that were published of them"
    script:
        "../workflow/scripts/replication/rerankers.py"


# Print it.
rule check_rerankers:
    input:
        "results/rerankers.txt",
    log:
        "logs/evaluation/check_rerankers.log",
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=100,
        runtime=5,
    message:
        "What rerankers reach here, beside what was published of them; a * is outside our interval"
    shell:
        "cat {input} 2> {log}"


rule first_stages:
    input:
        runs=lambda wildcards: PLAN.replication.rankings_to_check(ROOT),
        qrels=lambda wildcards: [
            PLAN.test_sets[name].qrels for name in PLAN.replication.published_first_stages(ROOT)
        ],
    output:
        "results/first_stages.txt",
    log:
        "logs/evaluation/first_stages.log",
    benchmark:
        "timings/evaluation/first_stages.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        test_sets=[*PLAN.test_sets],
        published=of_repository("paper/published/first_stages.csv"),
        code=code("replication/first_stages.py"),
    message:
        "Comparing BM25 with the values that were published of it"
    script:
        "../workflow/scripts/replication/first_stages.py"


# Print it, and fail where BM25 is another one here.
rule check_first_stages:
    input:
        "results/first_stages.txt",
    log:
        "logs/evaluation/check_first_stages.log",
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=100,
        runtime=5,
    message:
        "What BM25 reaches here, beside what was published of it"
    shell:
        "cat {input} && ! grep 'differs$' {input} > {log}"
