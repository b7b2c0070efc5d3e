# Tables of scores, of what they cost, and of what was learnt from, in paper/tables/.


localrules:
    results_table,
    averages_tables,
    variance_table,
    efficiency_table,
    learnt_tables,
    scorings_table,


rule results_table:
    input:
        metrics=PLAN.paper.means(),
        best=PLAN.best_epochs(),
    output:
        results="paper/tables/results.tex",
        results_map="paper/tables/results.tex.map",
        results_csv="paper/tables/results.csv",
        levels="paper/tables/levels.tex",
        levels_map="paper/tables/levels.tex.map",
        levels_csv="paper/tables/levels.csv",
    log:
        "logs/paper/results_table.log",
    benchmark:
        "timings/paper/results_table.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        columns=evaluation.paper_columns(config),
        test_sets=PLAN.paper.test_sets(),
        account=(config["paper"]["beside_published"] or {}).get("account"),
        study=[of_repository(name) for name in PLAN.published.beside()],
        compared=PLAN.published.compared_beside(),
        template=of_repository("paper/tables/results.tex.j2"),
        levels_template=of_repository("paper/tables/levels.tex.j2"),
        macros=of_repository("paper/tables/macros.tex.j2"),
        code=code("paper/tables/results_table.py"),
    message:
        "Making the tables of results"
    script:
        "../../../workflow/scripts/paper/tables/results_table.py"


rule averages_tables:
    input:
        metrics=PLAN.paper.means(),
        best=PLAN.best_epochs(),
        comparisons="results/comparisons.json",
    output:
        sets="paper/tables/sets.tex",
        sets_map="paper/tables/sets.tex.map",
        sets_csv="paper/tables/sets.csv",
        wins="paper/tables/wins.tex",
        wins_map="paper/tables/wins.tex.map",
        wins_csv="paper/tables/wins.csv",
    log:
        "logs/paper/averages_tables.log",
    benchmark:
        "timings/paper/averages_tables.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        columns=evaluation.paper_columns(config),
        test_sets=PLAN.paper.test_sets(),
        template=of_repository("paper/tables/sets.tex.j2"),
        wins_template=of_repository("paper/tables/wins.tex.j2"),
        macros=of_repository("paper/tables/macros.tex.j2"),
        code=code("paper/tables/averages_tables.py"),
    message:
        "Making the tables of averages over test sets"
    script:
        "../../../workflow/scripts/paper/tables/averages_tables.py"


rule variance_table:
    input:
        "results/variance.json",
    output:
        tex="paper/tables/variance.tex",
        source_map="paper/tables/variance.tex.map",
        csv="paper/tables/variance.csv",
    log:
        "logs/paper/variance_table.log",
    benchmark:
        "timings/paper/variance_table.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        test_sets=PLAN.paper.test_sets(),
        template=of_repository("paper/tables/variance.tex.j2"),
        code=code("paper/tables/variance_table.py"),
    message:
        "Making the table of the variance between topics and between seeds"
    script:
        "../../../workflow/scripts/paper/tables/variance_table.py"


rule efficiency_table:
    input:
        efficiency="results/efficiency.json",
    output:
        tex="paper/tables/efficiency.tex",
        source_map="paper/tables/efficiency.tex.map",
        csv="paper/tables/efficiency.csv",
    log:
        "logs/paper/efficiency_table.log",
    benchmark:
        "timings/paper/efficiency_table.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        template=of_repository("paper/tables/efficiency.tex.j2"),
        macros=of_repository("paper/tables/macros.tex.j2"),
        code=code("paper/tables/efficiency_table.py"),
    message:
        "Making the table of what each training cost"
    script:
        "../../../workflow/scripts/paper/tables/efficiency_table.py"


rule learnt_tables:
    input:
        data=PLAN.training_data.files(".parquet"),
        counts=[*PLAN.training_data.counts().values()],
        metrics=PLAN.paper.means(),
        best=PLAN.best_epochs(),
        comparisons="results/comparisons.json",
        efficiency="results/efficiency.json",
    output:
        data="paper/tables/data.tex",
        data_map="paper/tables/data.tex.map",
        data_csv="paper/tables/data.csv",
        lessons="paper/tables/lessons.tex",
        lessons_map="paper/tables/lessons.tex.map",
        lessons_csv="paper/tables/lessons.csv",
        comparisons_lessons="paper/tables/comparisons_lessons.tex",
        comparisons_lessons_map="paper/tables/comparisons_lessons.tex.map",
        comparisons_lessons_csv="paper/tables/comparisons_lessons.csv",
    log:
        "logs/paper/learnt_tables.log",
    benchmark:
        "timings/paper/learnt_tables.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        grid=PLAN.paper.grid(),
        columns=evaluation.paper_columns(config),
        test_sets=PLAN.paper.test_sets(),
        labels=PLAN.labels_of("optimizers", "objectives"),
        learnt_from=training_data.learnt_from(config),
        counted=[*PLAN.training_data.counts()],
        templates=[of_repository(f"paper/tables/{name}.tex.j2") for name in LESSON_TABLES],
        code=code("paper/tables/learnt_tables.py"),
    message:
        "Making the tables of what was learnt from"
    script:
        "../../../workflow/scripts/paper/tables/learnt_tables.py"


rule scorings_table:
    input:
        scorings="results/scorings.csv",
    output:
        tex="paper/tables/scorings.tex",
        source_map="paper/tables/scorings.tex.map",
        csv="paper/tables/scorings.csv",
    log:
        "logs/paper/scorings_table.log",
    benchmark:
        "timings/paper/scorings_table.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        test_sets=PLAN.paper.test_sets(),
        scorings=PLAN.paper.scorings(),
        template=of_repository("paper/tables/scorings.tex.j2"),
        macros=of_repository("paper/tables/macros.tex.j2"),
        code=code("paper/tables/scorings_table.py"),
    message:
        "Making the table of how documents are scored"
    script:
        "../../../workflow/scripts/paper/tables/scorings_table.py"
