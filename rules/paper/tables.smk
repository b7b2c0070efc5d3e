# Tables of the paper, each a file of its own in paper/tables/ of the working directory.


localrules:
    results_table,
    systems_table,
    efficiency_table,
    variance_table,
    comparisons_table,
    published_comparisons_table,
    comparisons_systems_table,
    contrasts_table,
    changes_table,
    claims_table,
    published_values_table,
    published_scores_table,
    training_table,
    optimizers_table,
    published_settings_table,
    collection_table,
    replication_tables,
    learnt_tables,
    averages_tables,


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/results_table.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/systems_table.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/efficiency_table.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/variance_table.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/comparisons_table.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/contrasts_table.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/published_comparisons_table.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/comparisons_systems_table.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/changes_table.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/claims_table.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/published_values_table.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/published_scores_table.py"


rule training_table:
    input:
        # The starts with one optimizer: those with the others are the same.
        checkpoints=expand(
            "checkpoints/{model}_{optimizer}_e0", model=PLAN.models, optimizer=PLAN.optimizers[:1]
        ),
    output:
        tex="paper/tables/training.tex",
        source_map="paper/tables/training.tex.map",
        csv="paper/tables/training.csv",
    log:
        "logs/paper/training_table.log",
    benchmark:
        "timings/paper/training_table.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        settings=brief(PLAN.settings()),
        origins=PLAN.origins(),
        template=of_repository("paper/tables/training.tex.j2"),
        code=code("paper/tables/training_table.py"),
    message:
        "Making the table of the trainings"
    script:
        "../../workflow/scripts/paper/tables/training_table.py"


rule optimizers_table:
    output:
        tex="paper/tables/optimizers.tex",
        source_map="paper/tables/optimizers.tex.map",
        csv="paper/tables/optimizers.csv",
    log:
        "logs/paper/optimizers_table.log",
    benchmark:
        "timings/paper/optimizers_table.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        settings=brief(PLAN.settings()),
        template=of_repository("paper/tables/optimizers.tex.j2"),
        code=code("paper/tables/optimizers_table.py"),
    message:
        "Making the table of the optimizers"
    script:
        "../../workflow/scripts/paper/tables/optimizers_table.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/published_settings_table.py"


rule collection_table:
    input:
        statistics=f"collections/{PLAN.collection}/statistics.json",
    output:
        tex="paper/tables/collection.tex",
        source_map="paper/tables/collection.tex.map",
        csv="paper/tables/collection.csv",
    log:
        "logs/paper/collection_table.log",
    benchmark:
        "timings/paper/collection_table.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        template=of_repository("paper/tables/collection.tex.j2"),
        code=code("paper/tables/collection_table.py"),
    message:
        "Making the table of the collection"
    script:
        "../../workflow/scripts/paper/tables/collection_table.py"


rule datasets_table:
    input:
        training=PLAN.training_data.files(".parquet"),
        held_out=PLAN.training_data.files(".held_out.parquet"),
        corpora=PLAN.corpora(),
        topics=[each.topics_file for each in PLAN.judged_sets()],
        qrels=[each.qrels for each in PLAN.judged_sets()],
        candidates=[each.candidates for each in PLAN.judged_sets()],
    output:
        tex="paper/tables/datasets.tex",
        source_map="paper/tables/datasets.tex.map",
        csv="paper/tables/datasets.csv",
    log:
        "logs/paper/datasets_table.log",
    benchmark:
        "timings/paper/datasets_table.tsv"
    conda:
        "../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        collections={name: config["collections"][name] for name in PLAN.used_collections()},
        trained_on={name: collection_of_data(config, name) for name in PLAN.data},
        sets=[vars(each) for each in PLAN.judged_sets()],
        first_stages=PLAN.first_stages.printed(PLAN.judged_sets()),
        template=of_repository("paper/tables/datasets.tex.j2"),
        code=code("paper/tables/datasets_table.py"),
    message:
        "Counting topics, judgements and passages"
    script:
        "../../workflow/scripts/paper/tables/datasets_table.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/replication_tables.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/learnt_tables.py"


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
        "../../envs/lionrank.yaml"
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
        "../../workflow/scripts/paper/tables/averages_tables.py"
