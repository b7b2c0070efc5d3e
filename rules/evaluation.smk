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
        level=config["evaluation"]["relevance_level"],
        code=code("evaluate.py"),
    message:
        "Evaluating {input.run}"
    script:
        "../workflow/scripts/evaluate.py"


# One job a test set, not one a run file: there are many, and reading one takes a second.
rule metrics:
    input:
        runs=lambda wildcards: run_files_of(test_set_in(wildcards.folder)),
        qrels=lambda wildcards: qrels_of(test_set_in(wildcards.folder)),
    output:
        per_query="results/{folder}per_query.parquet",
        means="results/{folder}metrics.csv",
    log:
        "logs/evaluation/{folder}metrics.log",
    benchmark:
        "timings/evaluation/{folder}metrics.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        labels=lambda wildcards: labels(test_set_in(wildcards.folder)),
        level=config["evaluation"]["relevance_level"],
        code=code("metrics.py"),
    message:
        "Writing {output.means}"
    script:
        "../workflow/scripts/metrics.py"
