# Text and PDF of the paper; everything lands in paper/ of the working directory, while templates,
# style and bibliography are read from paper/ of the repository.
from lionrank.jobs.rules import origins

TEMPLATES = [
    of_repository(path.relative_to(ROOT).as_posix())
    for path in [ROOT / "paper/main.tex.j2", *sorted(ROOT.glob("paper/sections/*.tex.j2"))]
] + [of_repository(name) for name in PLAN.published.templates(ROOT)]


localrules:
    provenance,
    main_tex,
    compile_paper,


rule provenance:
    input:
        best=PLAN.best_epochs(),
        data=PLAN.training_data.files(".json"),
        # All else that the paper is made of: the commit in it is that of its text. They come after
        # the jobs of the stages that it adds up, too.
        parts=expand("paper/{part}", part=PLAN.paper.parts()),
        changes="results/changes.json",
        overlap=PLAN.results.overlap,
        windows=PLAN.scorings.winners(),
        trials=PLAN.search.results(),
    output:
        "paper/provenance.json",
    log:
        "logs/paper/provenance.log",
    benchmark:
        "timings/paper/provenance.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        # No input: all are behind the parts, and a grid has thousands.
        runs=lambda wildcards: brief(
            [*PLAN.results.of(".trec", PLAN.reported), *PLAN.replication.second_passes()]
        ),
        config=brief(config),
        defaults=of_repository("config.yaml"),
        templates=lambda wildcards: brief(TEMPLATES),
        bibliography=of_repository("paper/refs.bib"),
        rules=lambda wildcards: brief(origins(workflow, ROOT)),
        pinned=PLAN.downloads.pinned(),
        catalogued=PLAN.downloads.catalogued(),
        code=[code(f"paper/{name}.py") for name in ("provenance", "main_tex", "compile_paper")],
    message:
        "Recording where the results come from"
    script:
        "../workflow/scripts/paper/provenance.py"


rule main_tex:
    input:
        **PLAN.training_logs(),
        metrics=PLAN.paper.means(),
        best=PLAN.best_epochs(),
        comparisons="results/comparisons.json",
        published_comparisons=PLAN.published.tested(),
        changes="results/changes.json",
        claims=PLAN.published.claims(),
        overlap=PLAN.results.overlap,
        replication=PLAN.replication.result(),
        depths=PLAN.depths.result(),
        scorings=PLAN.scorings.result(),
        windows=PLAN.scorings.winners(),
        choices=[*PLAN.search.choices().values()],
        efficiency="results/efficiency.json",
        statistics=f"collections/{PLAN.collection}/statistics.json",
        provenance="paper/provenance.json",
    output:
        tex="paper/main.tex",
        source_map="paper/main.tex.map",
    log:
        "logs/paper/main_tex.log",
    benchmark:
        "timings/paper/main_tex.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        settings=brief(PLAN.settings()),
        columns=evaluation.paper_columns(config),
        test_sets=PLAN.paper.test_sets(),
        first_stages=PLAN.first_stages.printed(PLAN.test_sets[name] for name in PLAN.reported),
        dev_sets=lambda wildcards: [each.label for each in PLAN.dev_sets.values()],
        search=PLAN.paper.search(),
        scorings=PLAN.paper.scorings(),
        scorings_of_dev_sets=PLAN.paper.scorings_of_dev_sets(),
        dropped=config["evaluation"]["drop_development_queries"],
        collection=PLAN.collection,
        selection=config["collections"][PLAN.collection],
        training=config["collections"][config["training_pairs"]["collection"]],
        backbones=PLAN.paper.backbones(),
        retrieval={key: config["retrieval"][key] for key in ("k1", "b")},
        pairs=config["training_pairs"],
        learnt_from=training_data.learnt_from(config),
        figures=PLAN.paper.figures(),
        ladders=[config["ladders"][name]["label"] for name in contrasts.ladders(config)],
        objectives={name: entry["label"] for name, entry in config["objectives"].items()},
        contrasts=contrasts.labels(config),
        paper=config["paper"],
        templates=lambda wildcards: brief(TEMPLATES),
        studies={
            study: [of_repository(name) for name in PLAN.published.files(study)]
            for study in PLAN.studies
        },
        compared=PLAN.published.compared(),
        code=code("paper/main_tex.py"),
    message:
        "Writing the text of the paper"
    script:
        "../workflow/scripts/paper/main_tex.py"


rule compile_paper:
    input:
        tex="paper/main.tex",
        parts=expand("paper/{part}", part=PLAN.paper.parts()),
        # Complaints of LaTeX are in terms of the templates.
        source_maps=[
            "paper/main.tex.map",
            *(f"paper/{part}.map" for part in PLAN.paper.parts() if part.endswith(".tex")),
        ],
        provenance="paper/provenance.json",
    output:
        pdf=report(
            "paper/main.pdf",
            caption="../workflow/report/paper.rst",
            category="Paper",
            labels={"Paper": "PDF"},
        ),
        bbl="paper/main.bbl",
    log:
        "logs/paper/compile_paper.log",
    benchmark:
        "timings/paper/compile_paper.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        # Not a log of the rule: Snakemake shows those in full when a rule fails.
        latex_log="logs/paper/latex.log",
        bibliography=of_repository("paper/refs.bib"),
        code=code("paper/compile_paper.py"),
    message:
        "Compiling {output.pdf}"
    script:
        "../workflow/scripts/paper/compile_paper.py"
