# The claims of published studies, tried on these results.


localrules:
    claims,


rule claims:
    input:
        **PLAN.training_logs(),
        per_query="results/per_query.parquet",
        best=PLAN.best_epochs(),
        parameters=lambda wildcards: PLAN.published.records(wildcards.study)["parameters"],
        data=lambda wildcards: PLAN.published.records(wildcards.study)["data"],
        overlap=lambda wildcards: PLAN.published.records(wildcards.study)["overlap"],
        choices=[*PLAN.search.choices().values()],
    output:
        "results/claims/{study}.json",
    log:
        "logs/evaluation/claims.{study}.log",
    benchmark:
        "timings/evaluation/claims.{study}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        grid=PLAN.grid(),
        settings=brief(PLAN.settings()),
        levels=PLAN.published.levels(),
        averages=PLAN.averages,
        learnt={name: PLAN.training_data.file(name, ".json") for name in PLAN.optimizers},
        dropped=config["evaluation"]["drop_development_queries"],
        stand_ins=evaluation.stand_ins(config),
        scorings={name: how["label"] for name, how in PLAN.paper.scorings().items()},
        draws=PLAN.draws(),
        study=published_files,
        code=code("claims/claims.py"),
    message:
        "Trying the claims of {wildcards.study} on these results"
    script:
        "../workflow/scripts/claims/claims.py"
