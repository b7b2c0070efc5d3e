# Tables of the paper, each a file of its own in paper/tables/ of the working directory.

COLLECTION = config["test_sets"][TEST_SETS[0]]["collection"]


rule results_table:
    input:
        metrics="results/metrics.csv",
        best=all_best_epochs(),
    output:
        results="paper/tables/results.tex",
        levels="paper/tables/levels.tex",
    log:
        "logs/paper/results_table.log",
    benchmark:
        "timings/paper/results_table.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=paper_grid,
        columns=experiment.paper_columns(config),
        test_sets=paper_test_sets(),
        code=code("results_table.py"),
    message:
        "Making the tables of results"
    script:
        "../workflow/scripts/results_table.py"


rule comparisons_table:
    input:
        comparisons="results/comparisons.json",
    output:
        chosen="paper/tables/comparisons.tex",
        by_epoch="paper/tables/comparisons_by_epoch.tex",
    log:
        "logs/paper/comparisons_table.log",
    benchmark:
        "timings/paper/comparisons_table.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=paper_grid,
        test_sets=paper_test_sets(),
        code=code("comparisons_table.py"),
    message:
        "Making the tables of comparisons"
    script:
        "../workflow/scripts/comparisons_table.py"


rule changes_table:
    input:
        changes="results/changes.json",
    output:
        "paper/tables/changes.tex",
    log:
        "logs/paper/changes_table.log",
    benchmark:
        "timings/paper/changes_table.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=paper_grid,
        code=code("changes_table.py"),
    message:
        "Making the table of the topics that changed most"
    script:
        "../workflow/scripts/changes_table.py"


rule claims_table:
    input:
        claims="results/claims.json",
    output:
        "paper/tables/claims.tex",
    log:
        "logs/paper/claims_table.log",
    benchmark:
        "timings/paper/claims_table.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=code("claims_table.py"),
    message:
        "Making the table of the published claims"
    script:
        "../workflow/scripts/claims_table.py"


rule hyperparameters_table:
    output:
        "paper/tables/hyperparameters.tex",
    log:
        "logs/paper/hyperparameters_table.log",
    benchmark:
        "timings/paper/hyperparameters_table.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=paper_grid,
        settings=all_settings,
        code=code("hyperparameters_table.py"),
    message:
        "Making the table of training settings"
    script:
        "../workflow/scripts/hyperparameters_table.py"


rule collection_table:
    input:
        statistics=f"collections/{COLLECTION}/statistics.json",
    output:
        "paper/tables/collection.tex",
    log:
        "logs/paper/collection_table.log",
    benchmark:
        "timings/paper/collection_table.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=code("collection_table.py"),
    message:
        "Making the table of the collection"
    script:
        "../workflow/scripts/collection_table.py"
