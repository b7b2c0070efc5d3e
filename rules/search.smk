# The search for settings: trials of a training, each with a point of its space, and the choice of
# the best on development data, with which train_epoch trains.


localrules:
    halving,
    choose_settings,
    search_results,
    searches,


# Which trials go on to an epoch, by the scores of all of them in those before.
rule halving:
    input:
        lambda wildcards: PLAN.search.scores_before(
            wildcards.model, wildcards.optimizer, wildcards.epoch
        ),
    output:
        "training/search/{model}_{optimizer}_e{epoch}.stop.json",
    log:
        "logs/search/{model}_{optimizer}_e{epoch}.stop.log",
    benchmark:
        "timings/search/{model}_{optimizer}_e{epoch}.stop.tsv"
    wildcard_constraints:
        epoch="|".join(map(str, PLAN.search.epochs)),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        trials=lambda wildcards: [*PLAN.search.trials(wildcards.model, wildcards.optimizer)],
        keep=config["search"]["keep"],
        code=code("search/halving.py"),
    message:
        "Deciding which trials of {wildcards.model}_{wildcards.optimizer} go on to epoch {wildcards.epoch}"
    script:
        "../workflow/scripts/search/halving.py"


# The first epoch starts where the training's own does. Weights are needed no longer than until they
# are scored and the next epoch is trained.
use rule train_epoch as train_trial with:
    input:
        previous=lambda wildcards: PLAN.search.previous(**wildcards),
        pairs=lambda wildcards: PLAN.training_data.file(wildcards.optimizer, ".parquet"),
        held_out=lambda wildcards: PLAN.training_data.file(wildcards.optimizer, ".held_out.parquet"),
        stop=lambda wildcards: PLAN.search.decision(**wildcards),
    output:
        checkpoint=temp(directory("checkpoints/search/{model}_{optimizer}_{trial}_e{epoch}")),
        log="training/search/{model}_{optimizer}_{trial}_e{epoch}.jsonl",
    log:
        "logs/search/{model}_{optimizer}_{trial}_e{epoch}.log",
    benchmark:
        "timings/search/{model}_{optimizer}_{trial}_e{epoch}.tsv"
    wildcard_constraints:
        epoch="|".join(map(str, PLAN.search.epochs)),
    params:
        settings=lambda wildcards: PLAN.search.settings(
            wildcards.model, wildcards.optimizer, wildcards.trial
        ),
    message:
        "Training trial {wildcards.trial} of {wildcards.model}_{wildcards.optimizer}, epoch {wildcards.epoch} ({threads} threads, {resources.mem_mb} MB, gpu={resources.gpu} {resources.gpu_model})"


use rule dev_scores as trial_scores with:
    input:
        checkpoint="checkpoints/search/{model}_{optimizer}_{trial}_e{epoch}",
        log="training/search/{model}_{optimizer}_{trial}_e{epoch}.jsonl",
        candidates=[PLAN.dev_sets[name].candidates for name in PLAN.search.dev_sets],
        qrels=[PLAN.dev_sets[name].qrels for name in PLAN.search.dev_sets],
    output:
        "training/search/{model}_{optimizer}_{trial}_e{epoch}.dev.json",
    log:
        "logs/search/{model}_{optimizer}_{trial}_e{epoch}.dev.log",
    benchmark:
        "timings/search/{model}_{optimizer}_{trial}_e{epoch}.dev.tsv"
    wildcard_constraints:
        epoch="|".join(map(str, PLAN.search.epochs)),
    params:
        precision=lambda wildcards: PLAN.search.settings(
            wildcards.model, wildcards.optimizer, wildcards.trial
        )["precision"],
        dev_sets=PLAN.search.dev_sets,
        scorings=PLAN.scorings.of_dev_sets(PLAN.search.dev_sets),


# The point stands alone in a file of its own: further trials after which it is still the best
# change the choice, and train nothing again.
rule choose_settings:
    input:
        lambda wildcards: PLAN.search.all_scores(wildcards.model, wildcards.optimizer),
    output:
        choice="training/{model}_{optimizer}.chosen.json",
        point="training/{model}_{optimizer}.point.json",
    log:
        "logs/search/{model}_{optimizer}.log",
    benchmark:
        "timings/search/{model}_{optimizer}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        dev_sets=PLAN.search.dev_sets,
        budget=lambda wildcards: PLAN.search.budget(wildcards.model, wildcards.optimizer),
        space=lambda wildcards: PLAN.search.space(wildcards.model, wildcards.optimizer),
        points=lambda wildcards: brief(PLAN.search.trained(wildcards.model, wildcards.optimizer)),
        untuned=lambda wildcards: PLAN.search.untuned(wildcards.model, wildcards.optimizer),
        code=code("search/choose_settings.py"),
    message:
        "Choosing the settings of {wildcards.model}_{wildcards.optimizer} from its trials"
    script:
        "../workflow/scripts/search/choose_settings.py"


rule search_results:
    input:
        [*PLAN.search.choices().values()],
    output:
        "results/search.csv",
    log:
        "logs/search/results.log",
    benchmark:
        "timings/search/results.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code("search/search_results.py"),
    message:
        "Listing the trials of all searches"
    script:
        "../workflow/scripts/search/search_results.py"


# The settings of every training that has a space, and the table of all trials.
rule searches:
    input:
        PLAN.search.choices().values(),
        PLAN.search.results(),
