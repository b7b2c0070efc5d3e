# Ways out: the paper's source for arXiv, and the whole experiment for a repository such as Zenodo.


localrules:
    arxiv,


rule arxiv:
    input:
        tex="paper/main.tex",
        bbl="paper/main.bbl",
        parts=expand("paper/{part}", part=PARTS),
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
        results=archived_results,
        computed=expand(
            "results/{name}",
            name=[
                "changes.json",
                "claims.json",
                "comparisons.json",
                "efficiency.json",
                "metrics.csv",
                "per_query.parquet",
            ],
        ),
        training=[
            *expand("training/{checkpoint}.jsonl", checkpoint=CHECKPOINTS),
            *expand("training/{checkpoint}.dev.json", checkpoint=CHECKPOINTS),
            *all_best_epochs(),
        ],
        paper=[
            "paper/main.pdf",
            "paper/main.tex",
            "paper/arxiv.tar.gz",
            "paper/provenance.json",
            *expand("paper/{part}", part=PARTS),
        ],
        repository=[ROOT / "CITATION.cff", ROOT / "LICENSE"],
        template=ROOT / "workflow" / "lionrank" / "release" / "archive.md.j2",
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
        config=config,
        timing="timings/paper/archive.tsv",
        code=code("release/archive.py"),
    message:
        "Packing the experiment into {output}"
    script:
        "../workflow/scripts/release/archive.py"
