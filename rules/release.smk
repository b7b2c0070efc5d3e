# Ways out: the paper's source for arXiv, the whole experiment for a repository such as Zenodo, and
# checkpoints as they would be on the Hugging Face hub; published, only when asked for.


localrules:
    arxiv,
    model_card,
    model_cards,
    push_to_hub,
    push,


rule arxiv:
    input:
        tex="paper/main.tex",
        bbl="paper/main.bbl",
        parts=expand("paper/{part}", part=PLAN.paper.parts()),
        provenance="paper/provenance.json",
    output:
        "paper/arxiv.tar.gz",
    log:
        "logs/paper/arxiv.log",
    benchmark:
        "timings/paper/arxiv.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code("release/arxiv.py"),
    message:
        "Packing the paper's source for arXiv"
    script:
        "../workflow/scripts/release/arxiv.py"


# No checkpoints: they are large, and hub/ is for them.
rule archive:
    input:
        results=lambda wildcards: PLAN.release.results(),
        computed=[
            "results/changes.json",
            *PLAN.published.claims(),
            "results/comparisons.json",
            "results/efficiency.json",
            "results/metrics.csv",
            "results/parameters.json",
            "results/per_query.parquet",
            *PLAN.paper.of_seeds(),
            *PLAN.published.tested(),
            *expand(
                "results/published_per_query/{study}.parquet",
                study=PLAN.published.having(PER_QUERY),
            ),
            *PLAN.results.overlap,
        ],
        training=[
            *expand("training/{checkpoint}.jsonl", checkpoint=PLAN.checkpoints),
            *expand("training/{checkpoint}.dev.json", checkpoint=PLAN.checkpoints),
            *PLAN.best_epochs(),
            *PLAN.release.searches(),
        ],
        paper=[
            "paper/main.pdf",
            "paper/main.tex",
            "paper/arxiv.tar.gz",
            "paper/provenance.json",
            *expand("paper/{part}", part=PLAN.paper.parts()),
        ],
    output:
        "lion-rerank-{}.zip".format(config["protocol"]),
    log:
        "logs/paper/archive.log",
    benchmark:
        "timings/paper/archive.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=240,
    params:
        config=brief(config),
        timing="timings/paper/archive.tsv",
        repository=[of_repository(name) for name in ("CITATION.cff", "LICENSE")],
        template=of_repository("workflow/lionrank/release/archive.md.j2"),
        code=code("release/archive.py"),
    message:
        "Packing the experiment into {output}"
    script:
        "../workflow/scripts/release/archive.py"


rule model_card:
    input:
        checkpoint="checkpoints/{checkpoint}",
        record=lambda wildcards: PLAN.data_record(wildcards.checkpoint),
        dev_scores=lambda wildcards: PLAN.dev_scores(*PLAN.parts_of(wildcards.checkpoint)),
        choice=lambda wildcards: PLAN.search.choice(*PLAN.parts_of(wildcards.checkpoint)[:2]),
    output:
        directory("hub/{checkpoint}"),
    log:
        "logs/hub/{checkpoint}.card.log",
    benchmark:
        "timings/hub/card.{checkpoint}.tsv"
    wildcard_constraints:
        checkpoint=PLAN.trained_pattern,
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        facts=lambda wildcards: experiment.model_card_facts(
            config, *PLAN.parts_of(wildcards.checkpoint)[:2], PLAN.sources
        ),
        template=of_repository("workflow/lionrank/release/model_card.md.j2"),
        code=code("release/model_card.py"),
    message:
        "Writing the model card of {input.checkpoint}"
    script:
        "../workflow/scripts/release/model_card.py"


# Every checkpoint of the grid with its model card.
rule model_cards:
    input:
        expand("hub/{checkpoint}", checkpoint=PLAN.checkpoints),


rule push_to_hub:
    input:
        folder=lambda wildcards: PLAN.release.folder_to_push(**wildcards),
    output:
        "hub/{checkpoint}.json",
    log:
        "logs/hub/{checkpoint}.log",
    benchmark:
        "timings/hub/{checkpoint}.tsv"
    wildcard_constraints:
        checkpoint=PLAN.trained_pattern,
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        # No digest of the code, as elsewhere: what was published is not uploaded again for that.
        repository=lambda wildcards: PLAN.release.repository(**wildcards),
        private=config["hub"]["private"],
    message:
        "Publishing {input.folder} as {params.repository}"
    script:
        "../workflow/scripts/release/push.py"


# Every checkpoint of the grid, published.
rule push:
    input:
        expand("hub/{checkpoint}.json", checkpoint=PLAN.checkpoints),
