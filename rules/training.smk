# One checkpoint an epoch: e0 is the seeded start, and every epoch resumes from the one before.


localrules:
    early_stopping,
    best_epoch,
    best_checkpoint,
    best_epochs,
    efficiency,
    parameters,


rule initialise:
    input:
        lambda wildcards: list(experiment.model_folders(config["models"][wildcards.model]).values()),
    output:
        directory("checkpoints/{model}_{optimizer}{seed}_e0"),
    log:
        "logs/training/{model}_{optimizer}{seed}_e0.log",
    benchmark:
        "timings/training/{model}_{optimizer}{seed}_e0.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        backbone=lambda wildcards: PLAN.backbone(wildcards.model),
        folders=lambda wildcards: experiment.model_folders(config["models"][wildcards.model]),
        seed=lambda wildcards: settings_of(wildcards)["seed"],
        max_length=lambda wildcards: settings_of(wildcards)["max_length"],
        code=code("training/initialise.py"),
    message:
        "Preparing {output}"
    script:
        "../workflow/scripts/training/initialise.py"


# Whether an epoch is trained or its training has stopped before it.
rule early_stopping:
    input:
        lambda wildcards: PLAN.early_stopping.scores(
            *PLAN.early_stopping.undecided[wildcards.checkpoint]
        ),
    output:
        "training/{checkpoint}.stop.json",
    log:
        "logs/training/{checkpoint}.stop.log",
    benchmark:
        "timings/development/{checkpoint}.stop.tsv"
    wildcard_constraints:
        checkpoint="|".join(PLAN.early_stopping.undecided) or NOTHING,
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        patience=lambda wildcards: PLAN.early_stopping.patience(
            *PLAN.early_stopping.undecided[wildcards.checkpoint][:2]
        ),
        code=code("training/early_stopping.py"),
    message:
        "Deciding whether {wildcards.checkpoint} is trained"
    script:
        "../workflow/scripts/training/early_stopping.py"


# How large the models and other checkpoints are, counted from their configs.
rule parameters:
    input:
        [*PLAN.paper.sized().values()],
    output:
        "results/parameters.json",
    log:
        "logs/training/parameters.log",
    benchmark:
        "timings/training/parameters.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        names=[*PLAN.paper.sized()],
        code=code("training/parameters.py"),
    message:
        "Counting parameters"
    script:
        "../workflow/scripts/training/parameters.py"


rule train_epoch:
    input:
        previous=lambda wildcards: "checkpoints/{model}_{optimizer}{seed}_e{previous}".format(
            **wildcards, previous=int(wildcards.epoch) - 1
        ),
        pairs=lambda wildcards: PLAN.training_data.file(wildcards.optimizer, ".parquet"),
        held_out=lambda wildcards: PLAN.training_data.file(wildcards.optimizer, ".held_out.parquet"),
        stop=lambda wildcards: PLAN.early_stopping.decision(**wildcards),
        point=lambda wildcards: PLAN.search.chosen_point(wildcards.model, wildcards.optimizer),
    output:
        checkpoint=directory("checkpoints/{model}_{optimizer}{seed}_e{epoch}"),
        log="training/{model}_{optimizer}{seed}_e{epoch}.jsonl",
    log:
        "logs/training/{model}_{optimizer}{seed}_e{epoch}.log",
    benchmark:
        "timings/training/{model}_{optimizer}{seed}_e{epoch}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: config["hardware"]["threads"]
    resources:
        gpu=config["hardware"]["gpus"],
        # A profile names it; here, so that messages can show it.
        gpu_model="",
        mem_mb=16000,
    params:
        settings=lambda wildcards: PLAN.search.given_settings(
            wildcards.model, wildcards.optimizer, wildcards.seed
        ),
        code=code("training/train_epoch.py"),
    message:
        "Training {wildcards.model}_{wildcards.optimizer}{wildcards.seed}, epoch {wildcards.epoch} ({threads} threads, {resources.mem_mb} MB, gpu={resources.gpu} {resources.gpu_model})"
    script:
        "../workflow/scripts/training/train_epoch.py"


rule dev_scores:
    input:
        checkpoint="checkpoints/{model}_{optimizer}{seed}_e{epoch}",
        log="training/{model}_{optimizer}{seed}_e{epoch}.jsonl",
        candidates=[each.candidates for each in PLAN.dev_sets.values()],
        qrels=[each.qrels for each in PLAN.dev_sets.values()],
    output:
        "training/{model}_{optimizer}{seed}_e{epoch}.dev.json",
    log:
        "logs/training/{model}_{optimizer}{seed}_e{epoch}.dev.log",
    benchmark:
        "timings/development/{model}_{optimizer}{seed}_e{epoch}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: config["hardware"]["threads"]
    resources:
        gpu=min(config["hardware"]["gpus"], 1),
        gpu_model="",
        mem_mb=8000,
    params:
        precision=precision_of,
        dev_sets=[*PLAN.dev_sets],
        scorings=PLAN.scorings.of_dev_sets(PLAN.dev_sets),
        code=code("training/dev_scores.py"),
    message:
        "Scoring {input.checkpoint} on development data ({threads} threads, {resources.mem_mb} MB, gpu={resources.gpu} {resources.gpu_model})"
    script:
        "../workflow/scripts/training/dev_scores.py"


rule best_epoch:
    input:
        PLAN.dev_scores("{model}", "{optimizer}", "{seed}", config["grid"]["epochs"]),
    output:
        "training/{model}_{optimizer}{seed}.best.json",
    log:
        "logs/training/{model}_{optimizer}{seed}.best.log",
    benchmark:
        "timings/development/best_epoch.{model}_{optimizer}{seed}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        patience=lambda wildcards: PLAN.early_stopping.patience(
            wildcards.model, wildcards.optimizer
        ),
        code=code("training/best_epoch.py"),
    message:
        "Choosing the best epoch of {wildcards.model}_{wildcards.optimizer}{wildcards.seed}"
    script:
        "../workflow/scripts/training/best_epoch.py"


# No checkpoint in Snakemake's sense, so that all jobs are known before any runs: the chosen epoch is
# one of the inputs, and has a name that does not tell which.
rule best_checkpoint:
    input:
        best="training/{model}_{optimizer}{seed}.best.json",
        checkpoints=expand(
            "checkpoints/{{model}}_{{optimizer}}{{seed}}_e{epoch}", epoch=PLAN.epochs
        ),
    output:
        directory("checkpoints/{model}_{optimizer}{seed}_best"),
    log:
        "logs/training/{model}_{optimizer}{seed}_best.log",
    benchmark:
        "timings/development/{model}_{optimizer}{seed}_best.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code("training/best_checkpoint.py"),
    message:
        "Naming the best epoch of {wildcards.model}_{wildcards.optimizer}{wildcards.seed} {output}"
    script:
        "../workflow/scripts/training/best_checkpoint.py"


# The best epoch of every training on development data.
rule best_epochs:
    input:
        PLAN.best_epochs(),


rule efficiency:
    input:
        **PLAN.training_logs(),
        checkpoints=expand("checkpoints/{checkpoint}", checkpoint=PLAN.checkpoints),
        best=PLAN.best_epochs(),
    output:
        "results/efficiency.json",
    log:
        "logs/evaluation/efficiency.log",
    benchmark:
        "timings/evaluation/efficiency.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.grid(),
        code=code("training/efficiency.py"),
    message:
        "Adding up what each training cost"
    script:
        "../workflow/scripts/training/efficiency.py"
