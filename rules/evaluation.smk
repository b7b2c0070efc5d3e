# trec_eval files, and the tables and tests from which every number in the paper comes.


localrules:
    changes,
    claims,


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
        level=lambda wildcards: experiment.paper_level(config, test_set_in(wildcards.folder)),
        code=code("evaluation/evaluate.py"),
    message:
        "Evaluating {input.run}"
    script:
        "../workflow/scripts/evaluation/evaluate.py"


# One job a test set, not one a run file: there are many, and reading one takes a second.
rule per_query:
    input:
        runs=lambda wildcards: run_files_of(wildcards.test_set),
        qrels=lambda wildcards: qrels_of(wildcards.test_set),
    output:
        "results/per_query/{test_set}.parquet",
    log:
        "logs/evaluation/per_query.{test_set}.log",
    benchmark:
        "timings/evaluation/per_query.{test_set}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        labels=lambda wildcards: labels(wildcards.test_set),
        levels=lambda wildcards: experiment.relevance_levels(config, wildcards.test_set),
        code=code("evaluation/per_query.py"),
    message:
        "Evaluating all run files of {wildcards.test_set}"
    script:
        "../workflow/scripts/evaluation/per_query.py"


rule metrics:
    input:
        expand("results/per_query/{test_set}.parquet", test_set=REPORTED),
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
        mem_mb=8000,
    params:
        draws=draws(),
        code=code("evaluation/metrics.py"),
    message:
        "Writing {output.means}"
    script:
        "../workflow/scripts/evaluation/metrics.py"


rule comparisons:
    input:
        per_query=of_every_seed(["results/per_query.parquet"]),
        best=of_every_seed(all_best_epochs()),
    output:
        "results/comparisons.json",
    log:
        "logs/evaluation/comparisons.log",
    benchmark:
        "timings/evaluation/comparisons.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        grid=paper_grid,
        measures=experiment.compared_measures(config),
        families=config["comparisons"]["families"],
        draws=draws(),
        code=code("evaluation/comparisons.py"),
    message:
        "Testing the comparisons that the config names"
    script:
        "../workflow/scripts/evaluation/comparisons.py"


rule changes:
    input:
        per_query="results/per_query.parquet",
        best=all_best_epochs(),
        runs=expand("results/{checkpoint}.trec", checkpoint=CHECKPOINTS),
        qrels=qrels_of(TEST_SETS[0]),
        topics="collections/{collection}/topics.{topics}.tsv".format(
            **config["test_sets"][TEST_SETS[0]]
        ),
    output:
        "results/changes.json",
    log:
        "logs/evaluation/changes.log",
    benchmark:
        "timings/evaluation/changes.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        grid=paper_grid,
        test_set=TEST_SETS[0],
        level=experiment.paper_level(config, TEST_SETS[0]),
        draws=draws(),
        code=code("evaluation/changes.py"),
    message:
        "Finding the topics on which the optimizers differ most"
    script:
        "../workflow/scripts/evaluation/changes.py"


rule claims:
    input:
        unpack(training_logs),
        per_query=of_every_seed(["results/per_query.parquet"]),
        best=of_every_seed(all_best_epochs()),
        claims=PUBLISHED / "claims.yaml",
        table1=PUBLISHED / "table1_lion_vs_adamw.csv",
        table2=PUBLISHED / "table2_dl19_systems.csv",
        settings=PUBLISHED / "settings.csv",
    output:
        "results/claims.json",
    log:
        "logs/evaluation/claims.log",
    benchmark:
        "timings/evaluation/claims.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        grid=paper_grid,
        settings=all_settings,
        levels={name: experiment.paper_level(config, name) for name in REPORTED},
        stand_ins=experiment.stand_ins(config),
        draws=draws(),
        code=code("claims/claims.py"),
    message:
        "Trying the published claims on these results"
    script:
        "../workflow/scripts/claims/claims.py"
