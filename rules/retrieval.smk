# First stages: a Lucene index, BM25 run files, and candidates joined with their text.


# A collection that brings candidates may have others by their side.
ruleorder: given_candidates > candidates


rule index:
    input:
        "collections/{collection}/corpus",
    output:
        directory("indexes/{collection}"),
    log:
        "logs/retrieval/{collection}.index.log",
    benchmark:
        "timings/retrieval/{collection}.index.tsv"
    wildcard_constraints:
        collection=collections_in("pydocs", *experiment.IMPORTED),
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=5000,
    params:
        code=code("retrieval/index.py"),
    message:
        "Indexing {wildcards.collection} with Lucene"
    script:
        "../workflow/scripts/retrieval/index.py"


rule prebuilt_index:
    input:
        "sources/msmarco_index",
    output:
        directory("indexes/{collection}"),
    log:
        "logs/retrieval/{collection}.index.log",
    benchmark:
        "timings/retrieval/{collection}.index.tsv"
    wildcard_constraints:
        collection=collections_in("msmarco"),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=code("retrieval/prebuilt_index.py"),
    message:
        "Unpacking Pyserini's index of {wildcards.collection}"
    script:
        "../workflow/scripts/retrieval/prebuilt_index.py"


rule bm25:
    input:
        index="indexes/{collection}",
        topics="collections/{collection}/topics.{topics}.tsv",
    output:
        ensure("retrieval/{collection}/{topics}.trec", non_empty=True),
    log:
        "logs/retrieval/{collection}.{topics}.log",
    benchmark:
        "timings/retrieval/{collection}.{topics}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=8000,
    params:
        # One value of two: Snakemake does not see values that change places.
        bm25={key: config["retrieval"][key] for key in ("k1", "b")},
        depth=lambda wildcards: PLAN.depth(**wildcards),
        code=code("retrieval/bm25.py"),
    message:
        "BM25 for the {wildcards.topics} topics of {wildcards.collection}"
    script:
        "../workflow/scripts/retrieval/bm25.py"


rule candidates:
    input:
        run="retrieval/{collection}/{topics}{by}.trec",
        topics="collections/{collection}/topics.{topics}.tsv",
        corpus="collections/{collection}/corpus",
    output:
        ensure("retrieval/{collection}/{topics}{by}.candidates.parquet", non_empty=True),
    log:
        "logs/retrieval/{collection}.{topics}{by}.candidates.log",
    benchmark:
        "timings/retrieval/{collection}.{topics}{by}.candidates.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=4000,
    params:
        code=code("retrieval/candidates.py"),
    message:
        "Joining the candidates of {wildcards.collection}, {wildcards.topics} topics, with their text"
    script:
        "../workflow/scripts/retrieval/candidates.py"


rule given_candidates:
    input:
        topic_files,
    output:
        ensure("retrieval/{collection}/{topics}.candidates.parquet", non_empty=True),
    log:
        "logs/retrieval/{collection}.{topics}.candidates.log",
    benchmark:
        "timings/retrieval/{collection}.{topics}.candidates.tsv"
    wildcard_constraints:
        collection=collections_in(*experiment.WITH_CANDIDATES),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        settings=collection_of,
        folders=collection_folders,
        depth=lambda wildcards: PLAN.depth(**wildcards),
        code=code("retrieval/given_candidates.py"),
    message:
        "Taking the candidates that {wildcards.collection} brings for its {wildcards.topics} topics"
    script:
        "../workflow/scripts/retrieval/given_candidates.py"
