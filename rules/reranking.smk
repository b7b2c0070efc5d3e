# Run files: the first stage's candidates, in BM25's order and in that of every checkpoint.


rule first_stage:
    input:
        candidates=candidates_of,
    output:
        ensure("results/{folder}bm25.trec", non_empty=True),
    log:
        "logs/reranking/{folder}bm25.log",
    benchmark:
        "timings/reranking/{folder}bm25.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=6000,
    params:
        code=code("first_stage.py"),
    message:
        "Writing the first stage's run file results/{wildcards.folder}bm25.trec"
    script:
        "../workflow/scripts/first_stage.py"


rule rerank:
    input:
        checkpoint="checkpoints/{model}_{optimizer}_e{epoch}",
        candidates=candidates_of,
    output:
        ensure("results/{folder}{model}_{optimizer}_e{epoch}.trec", non_empty=True),
    log:
        "logs/reranking/{folder}{model}_{optimizer}_e{epoch}.log",
    benchmark:
        "timings/reranking/{folder}{model}_{optimizer}_e{epoch}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: config["hardware"]["threads"]
    resources:
        gpu=min(config["hardware"]["gpus"], 1),
        gpu_model="",
        mem_mb=8000,
    params:
        batch_size=config["reranking"]["batch_size"],
        precision=lambda wildcards: training_settings(wildcards.model, wildcards.optimizer)[
            "precision"
        ],
        tag="{model}_{optimizer}_e{epoch}",
        code=code("rerank.py"),
    message:
        "Reranking {output} ({threads} threads, {resources.mem_mb} MB, gpu={resources.gpu} {resources.gpu_model})"
    script:
        "../workflow/scripts/rerank.py"
