# A page that says, before anything runs, what the experiment downloads, trains, scores and needs,
# and, once epochs are complete, what those took.


localrules:
    audit,


rule audit:
    output:
        "audit.md",
    log:
        "logs/audit.log",
    benchmark:
        "timings/audit.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        config=brief(config),
        sources=PLAN.downloads.needed,
        starts=PLAN.audit.starts(),
        jobs=PLAN.audit.jobs(),
        # No input: an audit is no reason to train, whatever has changed.
        logs=lambda wildcards: brief(PLAN.audit.logs_so_far()),
        recorded=lambda wildcards: PLAN.downloads.recorded(),
        catalogued=PLAN.downloads.catalogued(),
        table=of_repository(config["sources"]["table"]),
        published=[
            [of_repository(PLAN.published.file(study, name)) for name in (STUDY, SETTINGS)]
            for study in PLAN.published.having(SETTINGS)
        ],
        alike=[PLAN.published.alike(study) for study in PLAN.published.having(SETTINGS)],
        searches=lambda wildcards: brief(PLAN.audit.searches()),
        scored_again=PLAN.replication.scored_again(),
        profile=of_repository("profiles/a100/config.yaml"),
        template=of_repository("workflow/lionrank/audit/page.md.j2"),
        code=code("audit/audit.py"),
    message:
        "Writing {output}"
    script:
        "../workflow/scripts/audit/audit.py"
