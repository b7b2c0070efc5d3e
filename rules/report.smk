# What Snakemake's report shows besides the figures and the PDF: each table of the paper as a page,
# and a page of all checkpoints with their training curves.
from lionrank import strict_yaml
from lionrank.grid import FIRST_STAGE, FIRST_STAGE_LABEL, VARIOUS

REPORT_TABLES = PLAN.paper.described(strict_yaml.read(ROOT / "workflow" / "report" / "tables.yaml"))
PAGE_TEMPLATES = [
    of_repository(f"workflow/lionrank/report/{name}")
    for name in ("page.html.j2", "page.css", "results.html.j2")
]


# How pages call the models, optimizers and test sets that tables call by their keys.
REPORT_LABELS = {
    name: entry["label"]
    for kind in (
        *("models", "optimizers", "treatments", "systems", "first_stages"),
        *("test_sets", "averages"),
    )
    for name, entry in config[kind].items()
} | {FIRST_STAGE: FIRST_STAGE_LABEL, VARIOUS.name: VARIOUS.label}


localrules:
    report_files,
    report_table,
    results_page,


report: "../workflow/report/workflow.rst"


# All that `snakemake report_files --report report.html` shows; it has to be built before.
rule report_files:
    input:
        "paper/main.pdf",
        "report/results.html",
        expand("report/tables/{table}.html", table=REPORT_TABLES),


rule report_table:
    input:
        table="paper/tables/{table}.csv",
    output:
        report(
            "report/tables/{table}.html",
            caption="../workflow/report/table.rst",
            category="Tables",
            labels=lambda wildcards: {"Table": REPORT_TABLES[wildcards.table]["title"]},
        ),
    log:
        "logs/report/report_table.{table}.log",
    benchmark:
        "timings/report/report_table.{table}.tsv"
    wildcard_constraints:
        table="|".join(REPORT_TABLES),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        text=lambda wildcards: REPORT_TABLES[wildcards.table],
        note=lambda wildcards: config["paper"]["note"],
        labels=REPORT_LABELS,
        templates=PAGE_TEMPLATES,
        code=code("report/report_table.py"),
    message:
        "Writing {output}"
    script:
        "../workflow/scripts/report/report_table.py"


rule results_page:
    input:
        **PLAN.training_logs(),
        metrics=PLAN.paper.means(),
        best=PLAN.best_epochs(),
    output:
        report(
            "report/results.html",
            caption="../workflow/report/results.rst",
            category="Checkpoints",
            labels={"Page": "Scores and training curves"},
        ),
    log:
        "logs/report/results_page.log",
    benchmark:
        "timings/report/results_page.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        grid=PLAN.paper.grid(),
        test_sets=PLAN.paper.test_sets(),
        paper={key: config["paper"][key] for key in ("title", "note")},
        templates=PAGE_TEMPLATES,
        code=code("report/results_page.py"),
    message:
        "Writing {output}"
    script:
        "../workflow/scripts/report/results_page.py"
