# Corpora, topics, qrels and training pairs, in the formats at the doors.


rule pydocs:
    input:
        lock=ROOT / "envs" / "lock.txt",
    output:
        corpus=directory("collections/pydocs/corpus"),
        topics=expand("collections/pydocs/topics.{split}.tsv", split=["train", "dev", "test"]),
        qrels=expand("collections/pydocs/qrels.{split}.txt", split=["train", "dev", "test"]),
        statistics="collections/pydocs/statistics.json",
    log:
        "logs/collections/pydocs.log",
    benchmark:
        "timings/collections/pydocs.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=2000,
    params:
        settings=lookup(within=config, dpath="collections/pydocs"),
        code=code("pydocs.py"),
    message:
        "Making the collection pydocs from the docstrings of the installed packages"
    script:
        "../workflow/scripts/pydocs.py"


rule training_pairs:
    input:
        corpus="collections/{collection}/corpus",
        topics="collections/{collection}/topics.train.tsv",
        qrels="collections/{collection}/qrels.train.txt",
        run="retrieval/{collection}/train.trec",
    output:
        "collections/{collection}/pairs.parquet",
    log:
        "logs/collections/{collection}.pairs.log",
    benchmark:
        "timings/collections/{collection}.pairs.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        triplets=lookup(within=config, dpath="training_pairs/triplets"),
        random_negatives=lookup(within=config, dpath="training_pairs/random_negatives"),
        hardest_rank=lookup(within=config, dpath="training_pairs/hardest_rank"),
        negative_depth=lookup(within=config, dpath="training_pairs/negative_depth"),
        seed=lookup(within=config, dpath="training_pairs/seed"),
        code=code("training_pairs.py"),
    message:
        "Drawing training pairs from {wildcards.collection}"
    script:
        "../workflow/scripts/training_pairs.py"
