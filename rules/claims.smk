# The published paper's claims, tried on these results.


localrules:
    claims,


rule claims:
    input:
        **PLAN.training_logs(),
        per_query=PLAN.of_every_seed(["results/per_query.parquet"]),
        best=PLAN.of_every_seed(PLAN.best_epochs()),
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
        grid=PLAN.paper_grid(),
        settings=PLAN.settings(),
        levels={name: experiment.paper_level(config, name) for name in PLAN.reported},
        stand_ins=experiment.stand_ins(config),
        draws=PLAN.draws(),
        code=code("claims/claims.py"),
    message:
        "Trying the published claims on these results"
    script:
        "../workflow/scripts/claims/claims.py"
