# Systems of others: their checkpoints, in the form of those that are trained here, and the run files
# that they made. Teachers that are checkpoints of others are brought into that form, too.


rule import_checkpoint:
    input:
        lambda wildcards: PLAN.other_systems.files(wildcards.system),
    output:
        directory("checkpoints/{system}"),
    log:
        "logs/systems/{system}.log",
    benchmark:
        "timings/systems/{system}.tsv"
    wildcard_constraints:
        system="|".join(PLAN.other_systems.checkpoints) or NOTHING,
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        folder=lambda wildcards: PLAN.other_systems.folder(wildcards.system),
        max_length=lambda wildcards: PLAN.other_systems.max_length(wildcards.system),
        key=lambda wildcards: "teachers" if wildcards.system in config["teachers"] else "systems",
        code=code("systems/import_checkpoint.py"),
    message:
        "Importing the checkpoint {wildcards.system}"
    script:
        "../workflow/scripts/systems/import_checkpoint.py"


rule import_run:
    input:
        run=lambda wildcards: PLAN.other_systems.given_run(**wildcards),
        topics=lambda wildcards: PLAN.results.test_set_in(wildcards.folder).topics_file,
        corpus=lambda wildcards: PLAN.results.test_set_in(wildcards.folder).corpus,
        candidates=lambda wildcards: PLAN.results.test_set_in(wildcards.folder).candidates,
    output:
        ensure("results/{folder}{system}.trec", non_empty=True),
    log:
        "logs/systems/{folder}{system}.log",
    benchmark:
        "timings/systems/{folder}{system}.tsv"
    wildcard_constraints:
        system="|".join(PLAN.other_systems.defined("run_files")) or NOTHING,
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=8000,
    params:
        depth=lambda wildcards: PLAN.results.test_set_in(wildcards.folder).depth,
        remove_query=lambda wildcards: formats.removes_query(
            config, PLAN.results.test_set_in(wildcards.folder).collection
        ),
        code=code("systems/import_run.py"),
    message:
        "Importing the run file of {wildcards.system}"
    script:
        "../workflow/scripts/systems/import_run.py"
