# trec_eval files, and the tidy tables from which every number in the paper comes.


rule evaluate:
    input:
        run="results/{folder}{system}.trec",
        qrels=lambda wildcards: "collections/{collection}/qrels.{topics}.txt".format(
            **test_set(wildcards)
        ),
    output:
        text="results/{folder}{system}.eval",
        per_query="results/per_query/{folder}{system}.parquet",
    log:
        "logs/evaluation/{folder}{system}.log",
    benchmark:
        "timings/evaluation/{folder}{system}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        level=lookup(within=config, dpath="evaluation/relevance_level"),
        labels=labels,
        code=code("evaluate.py"),
    message:
        "Evaluating results/{wildcards.folder}{wildcards.system}.trec"
    script:
        "../workflow/scripts/evaluate.py"


rule metrics:
    input:
        per_query=[
            f"results/per_query/{folder(name)}{system}.parquet"
            for name in TEST_SETS
            for system in SYSTEMS
        ],
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
