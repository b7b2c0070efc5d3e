# Tables of the tested differences between systems, in paper/tables/.


localrules:
    comparisons_table,
    comparisons_systems_table,
    contrasts_table,
    comparisons_scorings_table,
    changes_table,


rule comparisons_table:
    input:
        comparisons="results/comparisons.json",
    output:
        chosen="paper/tables/comparisons.tex",
        chosen_map="paper/tables/comparisons.tex.map",
        chosen_csv="paper/tables/comparisons.csv",
        by_epoch="paper/tables/comparisons_by_epoch.tex",
        by_epoch_map="paper/tables/comparisons_by_epoch.tex.map",
        by_epoch_csv="paper/tables/comparisons_by_epoch.csv",
    log:
        "logs/paper/comparisons_table.log",
    benchmark:
        "timings/paper/comparisons_table.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        test_sets=PLAN.paper.test_sets(),
        template=of_repository("paper/tables/comparisons.tex.j2"),
        macros=of_repository("paper/tables/macros.tex.j2"),
        by_epoch_template=of_repository("paper/tables/comparisons_by_epoch.tex.j2"),
        code=code("paper/tables/comparisons_table.py"),
    message:
        "Making the tables of comparisons"
    script:
        "../../../workflow/scripts/paper/tables/comparisons_table.py"


rule comparisons_systems_table:
    input:
        comparisons="results/comparisons.json",
    output:
        tex="paper/tables/comparisons_systems.tex",
        source_map="paper/tables/comparisons_systems.tex.map",
        csv="paper/tables/comparisons_systems.csv",
    log:
        "logs/paper/comparisons_systems_table.log",
    benchmark:
        "timings/paper/comparisons_systems_table.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        primary=PLAN.first_test_set.name,
        template=of_repository("paper/tables/comparisons_systems.tex.j2"),
        macros=of_repository("paper/tables/macros.tex.j2"),
        code=code("paper/tables/comparisons_systems_table.py"),
    message:
        "Making the table of comparisons with systems that were not trained here"
    script:
        "../../../workflow/scripts/paper/tables/comparisons_systems_table.py"


rule contrasts_table:
    input:
        comparisons="results/comparisons.json",
    output:
        tex="paper/tables/contrasts.tex",
        source_map="paper/tables/contrasts.tex.map",
        csv="paper/tables/contrasts.csv",
    log:
        "logs/paper/contrasts_table.log",
    benchmark:
        "timings/paper/contrasts_table.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        test_sets=PLAN.paper.test_sets(),
        contrasts=contrasts.labels(config),
        template=of_repository("paper/tables/contrasts.tex.j2"),
        code=code("paper/tables/contrasts_table.py"),
    message:
        "Making the table of contrasts of ladders and of the config"
    script:
        "../../../workflow/scripts/paper/tables/contrasts_table.py"


rule comparisons_scorings_table:
    input:
        comparisons="results/comparisons.json",
    output:
        tex="paper/tables/comparisons_scorings.tex",
        source_map="paper/tables/comparisons_scorings.tex.map",
        csv="paper/tables/comparisons_scorings.csv",
    log:
        "logs/paper/comparisons_scorings_table.log",
    benchmark:
        "timings/paper/comparisons_scorings_table.tsv"
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
        template=of_repository("paper/tables/contrasts.tex.j2"),
        code=code("paper/tables/comparisons_scorings_table.py"),
    message:
        "Making the table of comparisons between scorings"
    script:
        "../../../workflow/scripts/paper/tables/comparisons_scorings_table.py"


rule changes_table:
    input:
        changes="results/changes.json",
    output:
        tex="paper/tables/changes.tex",
        source_map="paper/tables/changes.tex.map",
        csv="paper/tables/changes.csv",
    log:
        "logs/paper/changes_table.log",
    benchmark:
        "timings/paper/changes_table.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        template=of_repository("paper/tables/changes.tex.j2"),
        code=code("paper/tables/changes_table.py"),
    message:
        "Making the table of the topics that changed most"
    script:
        "../../../workflow/scripts/paper/tables/changes_table.py"
