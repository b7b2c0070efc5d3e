# One checkpoint an epoch: e0 is the seeded start, and every epoch goes on from the one before.


rule initialise:
    input:
        lambda wildcards: list(model_folders(wildcards).values()),
    output:
        directory("checkpoints/{model}_{optimizer}_e0"),
    log:
        "logs/training/{model}_{optimizer}_e0.log",
    benchmark:
        "timings/training/{model}_{optimizer}_e0.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        backbone=backbone,
        folders=model_folders,
        seed=lambda wildcards: training_settings(wildcards.model, wildcards.optimizer)["seed"],
        max_length=lambda wildcards: training_settings(wildcards.model, wildcards.optimizer)[
            "max_length"
        ],
        code=code("initialise.py"),
    message:
        "Preparing {wildcards.model} for training with {wildcards.optimizer}"
    script:
        "../workflow/scripts/initialise.py"


rule train_epoch:
    input:
        previous=lambda wildcards: "checkpoints/{model}_{optimizer}_e{previous}".format(
            **wildcards, previous=int(wildcards.epoch) - 1
        ),
        pairs=expand(
            "collections/{collection}/pairs.parquet",
            collection=config["training_pairs"]["collection"],
        ),
    output:
        checkpoint=directory("checkpoints/{model}_{optimizer}_e{epoch}"),
        log="training/{model}_{optimizer}_e{epoch}.jsonl",
    log:
        "logs/training/{model}_{optimizer}_e{epoch}.log",
    benchmark:
        "timings/training/{model}_{optimizer}_e{epoch}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: config["hardware"]["threads"]
    resources:
        gpu=config["hardware"]["gpus"],
        # A profile names it; here, so that messages can show it.
        gpu_model="",
        mem_mb=16000,
    params:
        settings=lambda wildcards: training_settings(wildcards.model, wildcards.optimizer),
        code=code("train_epoch.py"),
    message:
        "Training {wildcards.model} with {wildcards.optimizer}, epoch {wildcards.epoch} ({threads} threads, {resources.mem_mb} MB, gpu={resources.gpu} {resources.gpu_model})"
    script:
        "../workflow/scripts/train_epoch.py"
