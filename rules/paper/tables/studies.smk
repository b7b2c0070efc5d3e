# Tables of what others published, and of what became of it here, in paper/tables/.


localrules:
    published_scores_table,
    published_settings_table,
    published_values_table,
    published_comparisons_table,
    claims_table,
    systems_table,
    replication_tables,


rule published_scores_table:
    output:
        tex="paper/tables/published_scores_{study}.tex",
        source_map="paper/tables/published_scores_{study}.tex.map",
        csv="paper/tables/published_scores_{study}.csv",
    log:
        "logs/paper/published_scores_table.{study}.log",
    benchmark:
        "timings/paper/published_scores_table.{study}.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        study=published_files,
        template=of_repository("paper/tables/published_scores.tex.j2"),
        code=code("paper/tables/published_scores_table.py"),
    message:
        "Making the table of what {wildcards.study} published"
    script:
        "../../../workflow/scripts/paper/tables/published_scores_table.py"


rule published_settings_table:
    output:
        tex="paper/tables/published_settings_{study}.tex",
        source_map="paper/tables/published_settings_{study}.tex.map",
        csv="paper/tables/published_settings_{study}.csv",
    log:
        "logs/paper/published_settings_table.{study}.log",
    benchmark:
        "timings/paper/published_settings_table.{study}.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        study=published_files,
        template=of_repository("paper/tables/published_settings.tex.j2"),
        code=code("paper/tables/published_settings_table.py"),
    message:
        "Making the table of the published settings"
    script:
        "../../../workflow/scripts/paper/tables/published_settings_table.py"


rule published_values_table:
    output:
        tex="paper/tables/published_values_{study}.tex",
        source_map="paper/tables/published_values_{study}.tex.map",
        csv="paper/tables/published_values_{study}.csv",
    log:
        "logs/paper/published_values_table.{study}.log",
    benchmark:
        "timings/paper/published_values_table.{study}.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        study=published_files,
        template=of_repository("paper/tables/published_values.tex.j2"),
        code=code("paper/tables/published_values_table.py"),
    message:
        "Making the table of the published values that differ from the authors' files"
    script:
        "../../../workflow/scripts/paper/tables/published_values_table.py"


rule published_comparisons_table:
    input:
        comparisons="results/published_comparisons/{study}.json",
    output:
        tex="paper/tables/published_comparisons_{study}.tex",
        source_map="paper/tables/published_comparisons_{study}.tex.map",
        csv="paper/tables/published_comparisons_{study}.csv",
    log:
        "logs/paper/published_comparisons_table.{study}.log",
    benchmark:
        "timings/paper/published_comparisons_table.{study}.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        study=published_files,
        template=of_repository("paper/tables/published_comparisons.tex.j2"),
        code=code("paper/tables/published_comparisons_table.py"),
    message:
        "Making the table of the tests of published differences"
    script:
        "../../../workflow/scripts/paper/tables/published_comparisons_table.py"


rule claims_table:
    input:
        claims="results/claims/{study}.json",
    output:
        tex="paper/tables/claims_{study}.tex",
        source_map="paper/tables/claims_{study}.tex.map",
        csv="paper/tables/claims_{study}.csv",
    log:
        "logs/paper/claims_table.{study}.log",
    benchmark:
        "timings/paper/claims_table.{study}.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        study=published_files,
        template=of_repository("paper/tables/claims.tex.j2"),
        code=code("paper/tables/claims_table.py"),
    message:
        "Making the table of the published claims"
    script:
        "../../../workflow/scripts/paper/tables/claims_table.py"


rule systems_table:
    input:
        metrics=PLAN.paper.means(),
        best=PLAN.best_epochs(),
    output:
        tex="paper/tables/systems_{study}.tex",
        source_map="paper/tables/systems_{study}.tex.map",
        csv="paper/tables/systems_{study}.csv",
    log:
        "logs/paper/systems_table.{study}.log",
    benchmark:
        "timings/paper/systems_table.{study}.tsv"
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
        study=published_files,
        template=of_repository("paper/tables/systems.tex.j2"),
        macros=of_repository("paper/tables/macros.tex.j2"),
        code=code("paper/tables/systems_table.py"),
    message:
        "Making the table of systems"
    script:
        "../../../workflow/scripts/paper/tables/systems_table.py"


rule replication_tables:
    input:
        "results/replication.json",
    output:
        closest="paper/tables/replication.tex",
        closest_map="paper/tables/replication.tex.map",
        closest_csv="paper/tables/replication.csv",
        rows="paper/tables/replication_rows.tex",
        rows_map="paper/tables/replication_rows.tex.map",
        rows_csv="paper/tables/replication_rows.csv",
        variants="paper/tables/replication_variants.tex",
        variants_map="paper/tables/replication_variants.tex.map",
        variants_csv="paper/tables/replication_variants.csv",
    log:
        "logs/paper/replication_tables.log",
    benchmark:
        "timings/paper/replication_tables.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        template=of_repository("paper/tables/replication.tex.j2"),
        rows_template=of_repository("paper/tables/replication_rows.tex.j2"),
        variants_template=of_repository("paper/tables/replication_variants.tex.j2"),
        code=code("paper/tables/replication_tables.py"),
    message:
        "Making the tables of published checkpoints"
    script:
        "../../../workflow/scripts/paper/tables/replication_tables.py"
