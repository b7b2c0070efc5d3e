# Corpora, topics, qrels and training pairs, in the formats at the doors.


rule pydocs:
    output:
        corpus=directory("collections/{collection}/corpus"),
        topics=expand(
            "collections/{{collection}}/topics.{split}.tsv", split=["train", "dev", "test"]
        ),
        qrels=expand("collections/{{collection}}/qrels.{split}.txt", split=["train", "dev", "test"]),
        # Where in its document the answer to a topic begins.
        relevant_parts="collections/{collection}/relevant_parts.tsv",
        statistics="collections/{collection}/statistics.json",
    log:
        "logs/collections/{collection}.log",
    benchmark:
        "timings/collections/{collection}.tsv"
    wildcard_constraints:
        collection=collections_in("pydocs"),
    # The first step of the longest chain: models can be initialised beside the next ones.
    priority: 1
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=2000,
    params:
        settings=collection_of,
        # The versions of the packages whose docstrings are read.
        lock=of_repository("envs/lock.txt"),
        code=code("collections/pydocs.py"),
    message:
        "Making {wildcards.collection} from the docstrings of the installed packages"
    script:
        "../workflow/scripts/collections/pydocs.py"


rule unpack_lotte:
    input:
        "sources/{source}",
    output:
        temp(
            expand(
                "{folder}/{{source}}/{{domain}}/{{split}}/{name}",
                folder=lotte.UNPACKED,
                name=lotte.FILES,
            )
        ),
    log:
        "logs/collections/{source}.{domain}.{split}.log",
    benchmark:
        "timings/collections/{source}.{domain}.{split}.tsv"
    wildcard_constraints:
        domain=r"\w+",
        split="dev|test",
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code("collections/unpack_lotte.py"),
    message:
        "Unpacking LoTTE's domain {wildcards.domain}, {wildcards.split}"
    script:
        "../workflow/scripts/collections/unpack_lotte.py"


rule import_corpus:
    input:
        lambda wildcards: PLAN.collections.corpus_files(**wildcards),
    output:
        directory("collections/{collection}/corpus"),
    log:
        "logs/collections/{collection}.corpus.log",
    benchmark:
        "timings/collections/{collection}.corpus.tsv"
    wildcard_constraints:
        collection=collections_in(*formats.IMPORTED),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        settings=lambda wildcards: formats.corpus_settings(collection_of(wildcards)),
        folders=collection_folders,
        code=code("collections/import_corpus.py"),
    message:
        "Importing the corpus of {wildcards.collection}"
    script:
        "../workflow/scripts/collections/import_corpus.py"


rule import_topics:
    input:
        topic_files,
    output:
        topics="collections/{collection}/topics.{topics}.tsv",
        qrels="collections/{collection}/qrels.{topics}.txt",
    log:
        "logs/collections/{collection}.{topics}.log",
    benchmark:
        "timings/collections/{collection}.{topics}.tsv"
    wildcard_constraints:
        collection=collections_in(*formats.IMPORTED),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        settings=lambda wildcards: formats.topics_settings(
            collection_of(wildcards), wildcards.topics
        ),
        folders=collection_folders,
        levels=lambda wildcards: PLAN.collections.relevance_levels(**wildcards),
        remove_query=removes_query,
        code=code("collections/import_topics.py"),
    message:
        "Importing the {wildcards.topics} topics of {wildcards.collection}"
    script:
        "../workflow/scripts/collections/import_topics.py"


rule msmarco_corpus:
    input:
        "sources/msmarco_corpus",
    output:
        directory("collections/{collection}/corpus"),
    log:
        "logs/collections/{collection}.corpus.log",
    benchmark:
        "timings/collections/{collection}.corpus.tsv"
    wildcard_constraints:
        collection=collections_in("msmarco"),
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=4000,
    params:
        code=code("collections/msmarco_corpus.py"),
    message:
        "Reading the passages of MS MARCO"
    script:
        "../workflow/scripts/collections/msmarco_corpus.py"


rule msmarco_topics:
    input:
        "sources/msmarco_queries",
    output:
        "collections/{collection}/topics.train.tsv",
    log:
        "logs/collections/{collection}.train.log",
    benchmark:
        "timings/collections/{collection}.train.tsv"
    wildcard_constraints:
        collection=collections_in("msmarco"),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=code("collections/msmarco_topics.py"),
    message:
        "Reading the training queries of MS MARCO"
    script:
        "../workflow/scripts/collections/msmarco_topics.py"


rule msmarco_qrels:
    input:
        "sources/msmarco_train_qrels",
    output:
        "collections/{collection}/qrels.train.txt",
    log:
        "logs/collections/{collection}.train.qrels.log",
    benchmark:
        "timings/collections/{collection}.train.qrels.tsv"
    wildcard_constraints:
        collection=collections_in("msmarco"),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        remove_query=removes_query,
        code=code("collections/msmarco_qrels.py"),
    message:
        "Reading the judgements of the training queries of MS MARCO"
    script:
        "../workflow/scripts/collections/msmarco_qrels.py"


rule track_topics:
    input:
        topics=lambda wildcards: PLAN.collections.track_file(**wildcards, kind="topics"),
        qrels=lambda wildcards: PLAN.collections.track_file(**wildcards, kind="qrels"),
    output:
        topics="collections/{collection}/topics.{topics}.tsv",
        qrels="collections/{collection}/qrels.{topics}.txt",
    log:
        "logs/collections/{collection}.{topics}.log",
    benchmark:
        "timings/collections/{collection}.{topics}.tsv"
    wildcard_constraints:
        collection=collections_in("msmarco"),
        topics="|".join(name for name in PLAN.collections.topics if name != "train"),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        levels=lambda wildcards: PLAN.collections.relevance_levels(**wildcards),
        remove_query=removes_query,
        code=code("collections/track_topics.py"),
    message:
        "Reading the {wildcards.topics} topics of {wildcards.collection}"
    script:
        "../workflow/scripts/collections/track_topics.py"


rule statistics:
    input:
        corpus="collections/{collection}/corpus",
        topics=lambda wildcards: [
            each.topics_file for each in PLAN.collections.test_sets(wildcards.collection)
        ],
        qrels=lambda wildcards: [
            each.qrels for each in PLAN.collections.test_sets(wildcards.collection)
        ],
    output:
        "collections/{collection}/statistics.json",
    log:
        "logs/collections/{collection}.statistics.log",
    benchmark:
        "timings/collections/{collection}.statistics.tsv"
    wildcard_constraints:
        collection=collections_in("msmarco", *formats.IMPORTED),
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=4000,
    params:
        names=lambda wildcards: [
            each.topics for each in PLAN.collections.test_sets(wildcards.collection)
        ],
        code=code("collections/statistics.py"),
    message:
        "Describing {wildcards.collection}"
    script:
        "../workflow/scripts/collections/statistics.py"


rule msmarco_triplets:
    input:
        "sources/msmarco_triplets",
    output:
        "collections/{collection}/triplets.parquet",
    log:
        "logs/collections/{collection}.triplets.log",
    benchmark:
        "timings/collections/{collection}.triplets.tsv"
    wildcard_constraints:
        collection=collections_in("msmarco"),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        triplets=config["training_pairs"]["triplets"],
        code=code("collections/msmarco_triplets.py"),
    message:
        "Reading the first {params.triplets} triplets of MS MARCO"
    script:
        "../workflow/scripts/collections/msmarco_triplets.py"


rule pydocs_triplets:
    input:
        qrels="collections/{collection}/qrels.train.txt",
        run="retrieval/{collection}/train.trec",
        corpus="collections/{collection}/corpus",
    output:
        "collections/{collection}/triplets.parquet",
    log:
        "logs/collections/{collection}.triplets.log",
    benchmark:
        "timings/collections/{collection}.triplets.tsv"
    wildcard_constraints:
        collection=collections_in("pydocs"),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        # One value: Snakemake does not see values of several that change places.
        drawing={
            key: config["training_pairs"][key]
            for key in ("triplets", "random_negatives", "hardest_rank", "negative_depth", "seed")
        },
        code=code("collections/pydocs_triplets.py"),
    message:
        "Drawing triplets from {wildcards.collection}"
    script:
        "../workflow/scripts/collections/pydocs_triplets.py"


rule draw_triplets:
    input:
        qrels="collections/{collection}/qrels.train.txt",
        ranking="retrieval/{collection}/train.trec",
        corpus="collections/{collection}/corpus",
    output:
        "collections/{collection}/triplets.parquet",
    log:
        "logs/collections/{collection}.triplets.log",
    benchmark:
        "timings/collections/{collection}.triplets.tsv"
    wildcard_constraints:
        collection=collections_in(*formats.IMPORTED),
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        drawing=PLAN.training_data.drawing_of_triplets(),
        code=code("collections/draw_triplets.py"),
    message:
        "Drawing triplets from {wildcards.collection}"
    script:
        "../workflow/scripts/collections/draw_triplets.py"


rule training_pairs:
    input:
        triplets="collections/{collection}/triplets.parquet",
        topics="collections/{collection}/topics.train.tsv",
        corpus="collections/{collection}/corpus",
    output:
        pairs="collections/{collection}/pairs.parquet",
        held_out="collections/{collection}/pairs.held_out.parquet",
        record="collections/{collection}/pairs.json",
    log:
        "logs/collections/{collection}.pairs.log",
    benchmark:
        "timings/collections/{collection}.pairs.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=4000,
    params:
        held_out=config["training_pairs"]["held_out"],
        remove_query=removes_query,
        code=code("collections/training_pairs.py"),
    message:
        "Joining the training pairs of {wildcards.collection} with their text"
    script:
        "../workflow/scripts/collections/training_pairs.py"
