# The published paper's claims, tried on these results.


localrules:
    claims,


rule claims:
    input:
        **PLAN.training_logs(),
        per_query="results/per_query.parquet",
        best=PLAN.best_epochs(),
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
        grid=PLAN.grid(),
        settings=brief(PLAN.settings()),
        levels={name: evaluation.paper_level(config, name) for name in PLAN.reported},
        stand_ins=evaluation.stand_ins(config),
        draws=PLAN.draws(),
        claims=of_repository("paper/published/claims.yaml"),
        table1=of_repository("paper/published/table1_lion_vs_adamw.csv"),
        trec_eval=of_repository("paper/published/authors_trec_eval.csv"),
        table2=of_repository("paper/published/table2_dl19_systems.csv"),
        published_settings=of_repository("paper/published/settings.csv"),
        code=code("claims/claims.py"),
    message:
        "Trying the published claims on these results"
    script:
        "../workflow/scripts/claims/claims.py"
