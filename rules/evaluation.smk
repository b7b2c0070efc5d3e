# trec_eval files, and the tidy tables from which every number in the paper comes.


rule evaluate:
    input:
        run="results/{folder}{system}.trec",
        qrels=lambda wildcards: qrels_of(test_set_in(wildcards.folder)),
    output:
        "results/{folder}{system}.eval",
    log:
        "logs/evaluation/{folder}{system}.log",
    benchmark:
        "timings/evaluation/{folder}{system}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        level=lookup(within=config, dpath="evaluation/relevance_level"),
        code=code("evaluate.py"),
    message:
        "Evaluating {input.run}"
    script:
        "../workflow/scripts/evaluate.py"


# One job a test set, not one a run file: there are many, and reading one takes a second.
rule per_query:
    input:
        runs=lambda wildcards: run_files_of(wildcards.test_set),
        qrels=lambda wildcards: qrels_of(wildcards.test_set),
    output:
        "results/per_query/{test_set}.parquet",
    log:
        "logs/evaluation/per_query/{test_set}.log",
    benchmark:
        "timings/evaluation/per_query/{test_set}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        labels=lambda wildcards: labels(wildcards.test_set),
        level=lookup(within=config, dpath="evaluation/relevance_level"),
        code=code("per_query.py"),
    message:
        "Evaluating all run files on {wildcards.test_set}"
    script:
        "../workflow/scripts/per_query.py"


rule metrics:
    input:
        expand("results/per_query/{test_set}.parquet", test_set=TEST_SETS),
    output:
        per_query="results/per_query.parquet",
        means="results/metrics.csv",
    log:
        "logs/evaluation/metrics.log",
    benchmark:
        "timings/evaluation/metrics.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code("metrics.py"),
    message:
        "Gathering the metrics of all run files"
    script:
        "../workflow/scripts/metrics.py"
