# trec_eval files, and the tables and tests from which every number in the paper comes.


localrules:
    changes,
    overlap,
    published_comparisons,


# Of all test sets, as each is compared with all dev sets.
rule overlap:
    input:
        topics=[each.topics_file for each in PLAN.test_sets.values()],
        qrels=[each.qrels for each in PLAN.test_sets.values()],
        dev_topics=[each.topics_file for each in PLAN.dev_sets.values()],
        dev_qrels=[each.qrels for each in PLAN.dev_sets.values()],
    output:
        "results/overlap.json",
    log:
        "logs/evaluation/overlap.log",
    benchmark:
        "timings/evaluation/overlap.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        test_sets=[*PLAN.test_sets],
        dev_sets=[*PLAN.dev_sets],
        dropped=config["evaluation"]["drop_development_queries"],
        code=code("evaluation/overlap.py"),
    message:
        "Looking for development queries among the test topics"
    script:
        "../workflow/scripts/evaluation/overlap.py"


rule evaluate:
    input:
        run="results/{folder}{system}.trec",
        qrels=lambda wildcards: PLAN.results.test_set_in(wildcards.folder).qrels,
        overlap=PLAN.results.dropped,
    output:
        "results/{folder}{system}.eval",
    log:
        "logs/evaluation/trec_eval/{folder}{system}.log",
    benchmark:
        "timings/evaluation/trec_eval/{folder}{system}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        level=lambda wildcards: evaluation.paper_level(
            config, PLAN.results.test_set_in(wildcards.folder).name
        ),
        test_set=lambda wildcards: PLAN.results.test_set_in(wildcards.folder).name,
        code=code("evaluation/evaluate.py"),
    message:
        "Evaluating {input.run}"
    script:
        "../workflow/scripts/evaluation/evaluate.py"


# One job a test set, not one a run file: there are many, and reading one takes a second.
rule per_query:
    input:
        runs=lambda wildcards: PLAN.results.run_files(wildcards.test_set),
        candidates=lambda wildcards: PLAN.test_sets[wildcards.test_set].candidates,
        qrels=lambda wildcards: PLAN.test_sets[wildcards.test_set].qrels,
        best=lambda wildcards: PLAN.results.chosen_on(wildcards.test_set),
        overlap=PLAN.results.dropped,
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
        labels=lambda wildcards: brief(PLAN.results.labels(wildcards.test_set)),
        # Rankings of documents of their own, and not of the candidates.
        given=lambda wildcards: PLAN.other_systems.given_on(wildcards.test_set),
        levels=lambda wildcards: evaluation.relevance_levels(config, wildcards.test_set),
        code=code("evaluation/per_query.py"),
    message:
        "Evaluating all run files of {wildcards.test_set}"
    script:
        "../workflow/scripts/evaluation/per_query.py"


rule metrics:
    input:
        per_query=expand("results/per_query/{test_set}.parquet", test_set=PLAN.reported),
        best=PLAN.best_epochs(),
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
        grid=PLAN.grid(),
        averages=PLAN.averages,
        left_out=evaluation.left_out_averages(config),
        draws=PLAN.draws(),
        code=code("evaluation/metrics.py"),
    message:
        "Writing {output.means}"
    script:
        "../workflow/scripts/evaluation/metrics.py"


# Only with several seeds is it asked for: with one it would be results/metrics.csv again.
rule over_seeds:
    input:
        per_query="results/per_query.parquet",
        best=PLAN.best_epochs(),
    output:
        "results/over_seeds.csv",
    log:
        "logs/evaluation/over_seeds.log",
    benchmark:
        "timings/evaluation/over_seeds.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        grid=PLAN.grid(),
        averages=PLAN.averages,
        draws=PLAN.draws(),
        code=code("evaluation/over_seeds.py"),
    message:
        "Averaging the trainings over their seeds"
    script:
        "../workflow/scripts/evaluation/over_seeds.py"


rule variance:
    input:
        per_query="results/per_query.parquet",
        best=PLAN.best_epochs(),
    output:
        "results/variance.json",
    log:
        "logs/evaluation/variance.log",
    benchmark:
        "timings/evaluation/variance.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        grid=PLAN.grid(),
        measures=PLAN.compared_measures,
        averages=PLAN.averages,
        code=code("evaluation/variance.py"),
    message:
        "Telling the variance between seeds from that between topics"
    script:
        "../workflow/scripts/evaluation/variance.py"


rule comparisons:
    input:
        per_query="results/per_query.parquet",
        best=PLAN.best_epochs(),
        parameters=PLAN.sizes_of_ladders,
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
        grid=PLAN.grid(),
        measures=PLAN.compared_measures,
        averages=PLAN.averages,
        families=config["comparisons"]["families"],
        ladders=contrasts.compared_ladders(config),
        margin=config["comparisons"]["margin"],
        contrasts=contrasts.contrasts(config),
        draws=PLAN.draws(),
        code=code("evaluation/comparisons.py"),
    message:
        "Testing the comparisons that the config names"
    script:
        "../workflow/scripts/evaluation/comparisons.py"


rule depths:
    input:
        runs=lambda wildcards: PLAN.depths.run_files(),
        candidates=[each.candidates for each in PLAN.depths.test_sets],
        qrels=[each.qrels for each in PLAN.depths.test_sets],
        overlap=PLAN.results.dropped,
        # Of the first seed, as the run files.
        best=expand("training/{training}.best.json", training=PLAN.settings()),
    output:
        "results/depths.csv",
    log:
        "logs/evaluation/depths.log",
    benchmark:
        "timings/evaluation/depths.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        labels=lambda wildcards: brief([labels for _, labels in PLAN.depths.systems()]),
        levels=PLAN.depths.levels(),
        draws=PLAN.draws(),
        code=code("evaluation/depths.py"),
    message:
        "Evaluating the chosen epochs with fewer and fewer candidates"
    script:
        "../workflow/scripts/evaluation/depths.py"


# Whether a result is asked for is told by the config: some test sets differ in their scoring alone.
rule scorings:
    input:
        per_query="results/per_query.parquet",
        best=PLAN.best_epochs(),
        # What their records counted.
        runs=lambda wildcards: sum(PLAN.scorings.run_files().values(), []),
    output:
        "results/scorings.csv",
    log:
        "logs/evaluation/scorings.log",
    benchmark:
        "timings/evaluation/scorings.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        grid=PLAN.grid(),
        measures=lambda wildcards: PLAN.scorings.measures(),
        runs=lambda wildcards: PLAN.scorings.run_files(),
        code=code("evaluation/scorings.py"),
    message:
        "Averaging by how documents are scored"
    script:
        "../workflow/scripts/evaluation/scorings.py"


rule winning_windows:
    input:
        windows=lambda wildcards: PLAN.scorings.files_of_winners(),
        qrels=[PLAN.test_sets[first].qrels for first, *_ in PLAN.scorings.divided()],
        overlap=PLAN.results.dropped,
        # Of the first seed, as the windows.
        best=expand("training/{training}.best.json", training=PLAN.settings()),
    output:
        "results/winning_windows.csv",
    log:
        "logs/evaluation/winning_windows.log",
    benchmark:
        "timings/evaluation/winning_windows.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        divisions=lambda wildcards: brief(PLAN.scorings.divisions_of_winners()),
        code=code("evaluation/winning_windows.py"),
    message:
        "Looking which windows of documents have the highest logits"
    script:
        "../workflow/scripts/evaluation/winning_windows.py"


rule changes:
    input:
        per_query="results/per_query.parquet",
        # Of the first seed.
        best=expand("training/{training}.best.json", training=PLAN.settings()),
        runs=expand("results/{training}_e{epoch}.trec", training=PLAN.settings(), epoch=PLAN.epochs),
        qrels=PLAN.first_test_set.qrels,
        topics=PLAN.first_test_set.topics_file,
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
        grid=PLAN.grid(),
        test_set=PLAN.first_test_set.name,
        level=evaluation.paper_level(config, PLAN.first_test_set.name),
        draws=PLAN.draws(),
        code=code("evaluation/changes.py"),
    message:
        "Finding the topics on which the optimizers differ most"
    script:
        "../workflow/scripts/evaluation/changes.py"


# No result of this experiment is asked for, so that any config has them.
rule published_comparisons:
    output:
        per_query="results/published_per_query/{study}.parquet",
        comparisons="results/published_comparisons/{study}.json",
    log:
        "logs/evaluation/published_comparisons.{study}.log",
    benchmark:
        "timings/evaluation/published_comparisons.{study}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        draws=PLAN.draws(),
        study=published_files,
        values=lambda wildcards: of_repository(PLAN.published.file(wildcards.study, PER_QUERY)),
        code=code("evaluation/published_comparisons.py"),
    message:
        "Testing the differences that {wildcards.study} published"
    script:
        "../workflow/scripts/evaluation/published_comparisons.py"
