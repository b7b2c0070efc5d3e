# First stages: a Lucene index or vectors of a corpus, run files, and candidates joined with their
# text. Files of another first stage than BM25 have its name in theirs, as the wildcard `by`: .NAME.


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
        collection="|".join(formats.indexed_here(config)) or NOTHING,
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
        archive=lambda wildcards: PLAN.collections.index_archive(wildcards.collection),
        corpus="collections/{collection}/corpus",
    output:
        directory("indexes/{collection}"),
    log:
        "logs/retrieval/{collection}.index.log",
    benchmark:
        "timings/retrieval/{collection}.index.tsv"
    wildcard_constraints:
        collection="|".join(formats.prebuilt(config)) or NOTHING,
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=5000,
    params:
        code=code("retrieval/prebuilt_index.py"),
    message:
        "Unpacking the prebuilt index of {wildcards.collection}"
    script:
        "../workflow/scripts/retrieval/prebuilt_index.py"


rule bm25:
    input:
        index="indexes/{collection}",
        topics="collections/{collection}/topics.{topics}.tsv",
    output:
        run=ensure("retrieval/{collection}/{topics}.trec", non_empty=True),
        record="retrieval/{collection}/{topics}.json",
    log:
        "logs/retrieval/{collection}.{topics}.log",
    benchmark:
        "timings/retrieval/{collection}.{topics}.tsv"
    wildcard_constraints:
        collection=collections_in("pydocs", "msmarco", *formats.OWN),
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=8000,
    params:
        # One value of two: Snakemake does not see values that change places.
        bm25={key: config["retrieval"][key] for key in ("k1", "b")},
        depth=lambda wildcards: PLAN.depth(**wildcards),
        remove_query=removes_query,
        code=code("retrieval/bm25.py"),
    message:
        "BM25 for the {wildcards.topics} topics of {wildcards.collection}"
    script:
        "../workflow/scripts/retrieval/bm25.py"


# Beside the candidates that a collection brings.
use rule bm25 as bm25_again with:
    output:
        run=ensure("retrieval/{collection}/{topics}{by}.trec", non_empty=True),
        record="retrieval/{collection}/{topics}{by}.json",
    log:
        "logs/retrieval/{collection}.{topics}{by}.log",
    benchmark:
        "timings/retrieval/{collection}.{topics}{by}.tsv"
    wildcard_constraints:
        collection=collections_in(*first_stages.WITH_CANDIDATES),
        by=rf"\.{FIRST_STAGE}",


# As the values that `snakemake check_first_stages` compares with, where the grid's own is another.
use rule bm25 as published_bm25 with:
    output:
        run=ensure("retrieval/{collection}/{topics}.published.trec", non_empty=True),
        record="retrieval/{collection}/{topics}.published.json",
    log:
        "logs/retrieval/{collection}.{topics}.published.log",
    benchmark:
        "timings/retrieval/{collection}.{topics}.published.tsv"
    wildcard_constraints:
        collection="|".join(config["collections"]),
    params:
        bm25=lambda wildcards: PLAN.replication.as_published(ROOT, **wildcards).parameters,
        depth=lambda wildcards: PLAN.replication.as_published(ROOT, **wildcards).depth,
        # It is left out when they are compared, and no other document takes its place.
        remove_query=False,
        code=code("retrieval/bm25.py"),
    message:
        "BM25 for the {wildcards.topics} topics of {wildcards.collection}, as it was published"


rule import_ranking:
    input:
        run=lambda wildcards: PLAN.first_stages.run_file(**wildcards),
        topics="collections/{collection}/topics.{topics}.tsv",
        corpus="collections/{collection}/corpus",
    output:
        run=ensure("retrieval/{collection}/{topics}{by}.trec", non_empty=True),
        record="retrieval/{collection}/{topics}{by}.json",
    log:
        "logs/retrieval/{collection}.{topics}{by}.log",
    benchmark:
        "timings/retrieval/{collection}.{topics}{by}.tsv"
    wildcard_constraints:
        by="|".join(PLAN.first_stages.by("run_files")) or NOTHING,
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=8000,
    params:
        first_stage=lambda wildcards: wildcards.by.removeprefix("."),
        depth=lambda wildcards: PLAN.depth(**wildcards),
        remove_query=removes_query,
        code=code("retrieval/import_ranking.py"),
    message:
        "Taking the {wildcards.topics} topics of {wildcards.collection} from the run file {params.first_stage}"
    script:
        "../workflow/scripts/retrieval/import_ranking.py"


rule encode_corpus:
    input:
        files=lambda wildcards: PLAN.first_stages.bi_encoder_files(wildcards.by),
        corpus="collections/{collection}/corpus",
    output:
        directory("indexes/{collection}{by}"),
    log:
        "logs/retrieval/{collection}{by}.index.log",
    benchmark:
        "timings/retrieval/{collection}{by}.index.tsv"
    wildcard_constraints:
        by="|".join(PLAN.first_stages.by("bi_encoder")) or NOTHING,
    conda:
        "../envs/lionrank.yaml"
    threads: config["hardware"]["threads"]
    resources:
        gpu=min(config["hardware"]["gpus"], 1),
        gpu_model="",
        mem_mb=8000,
    params:
        folder=lambda wildcards: PLAN.first_stages.bi_encoder(wildcards.by),
        code=code("retrieval/encode_corpus.py"),
    message:
        "Encoding {wildcards.collection} by {params.folder} ({threads} threads, {resources.mem_mb} MB, gpu={resources.gpu} {resources.gpu_model})"
    script:
        "../workflow/scripts/retrieval/encode_corpus.py"


rule dense:
    input:
        files=lambda wildcards: PLAN.first_stages.bi_encoder_files(wildcards.by),
        index="indexes/{collection}{by}",
        topics="collections/{collection}/topics.{topics}.tsv",
    output:
        run=ensure("retrieval/{collection}/{topics}{by}.trec", non_empty=True),
        record="retrieval/{collection}/{topics}{by}.json",
    log:
        "logs/retrieval/{collection}.{topics}{by}.log",
    benchmark:
        "timings/retrieval/{collection}.{topics}{by}.tsv"
    wildcard_constraints:
        by="|".join(PLAN.first_stages.by("bi_encoder")) or NOTHING,
    conda:
        "../envs/lionrank.yaml"
    threads: config["hardware"]["threads"]
    resources:
        gpu=min(config["hardware"]["gpus"], 1),
        gpu_model="",
        mem_mb=8000,
    params:
        folder=lambda wildcards: PLAN.first_stages.bi_encoder(wildcards.by),
        first_stage=lambda wildcards: wildcards.by.removeprefix("."),
        depth=lambda wildcards: PLAN.depth(**wildcards),
        remove_query=removes_query,
        code=code("retrieval/dense.py"),
    message:
        "Searching {wildcards.collection} for its {wildcards.topics} topics by {params.folder} ({threads} threads, {resources.mem_mb} MB, gpu={resources.gpu} {resources.gpu_model})"
    script:
        "../workflow/scripts/retrieval/dense.py"


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
        candidates=ensure("retrieval/{collection}/{topics}.candidates.parquet", non_empty=True),
        record="retrieval/{collection}/{topics}.json",
    log:
        "logs/retrieval/{collection}.{topics}.candidates.log",
    benchmark:
        "timings/retrieval/{collection}.{topics}.candidates.tsv"
    wildcard_constraints:
        collection=collections_in(*first_stages.WITH_CANDIDATES),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        settings=collection_of,
        folders=collection_folders,
        depth=lambda wildcards: PLAN.depth(**wildcards),
        remove_query=removes_query,
        code=code("retrieval/given_candidates.py"),
    message:
        "Taking the candidates that {wildcards.collection} brings for its {wildcards.topics} topics"
    script:
        "../workflow/scripts/retrieval/given_candidates.py"
