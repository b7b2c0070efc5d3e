# What other objectives than that of the training pairs learn from: examples of several passages.


rule draw_examples:
    input:
        qrels="collections/{collection}/qrels.train.txt",
        ranking=lambda wildcards: PLAN.training_data.ranking(wildcards.data),
        corpus="collections/{collection}/corpus",
        excluded=lambda wildcards: PLAN.training_data.excluded(wildcards.data),
    output:
        ids="collections/{collection}/{data}.ids.parquet",
        counts="collections/{collection}/{data}.ids.json",
    log:
        "logs/training_data/{collection}.{data}.ids.log",
    benchmark:
        "timings/training_data/{collection}.{data}.ids.tsv"
    wildcard_constraints:
        data="|".join(PLAN.training_data.names(drawn=True)) or NOTHING,
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        drawing=lambda wildcards: PLAN.training_data.drawing(wildcards.data),
        code=code("training_data/draw_examples.py"),
    message:
        "Drawing the training data {wildcards.data} from {wildcards.collection}"
    script:
        "../workflow/scripts/training_data/draw_examples.py"


rule import_examples:
    input:
        lambda wildcards: PLAN.training_data.imported(wildcards.data),
    output:
        ids="collections/{collection}/{data}.ids.parquet",
        counts="collections/{collection}/{data}.ids.json",
    log:
        "logs/training_data/{collection}.{data}.ids.log",
    benchmark:
        "timings/training_data/{collection}.{data}.ids.tsv"
    wildcard_constraints:
        data="|".join(PLAN.training_data.names(drawn=False)) or NOTHING,
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        settings=lambda wildcards: PLAN.training_data.importing(wildcards.data),
        code=code("training_data/import_examples.py"),
    message:
        "Importing the training data {wildcards.data}"
    script:
        "../workflow/scripts/training_data/import_examples.py"


rule join_examples:
    input:
        ids="collections/{collection}/{data}.ids.parquet",
        topics="collections/{collection}/topics.train.tsv",
        corpus="collections/{collection}/corpus",
    output:
        data="collections/{collection}/{data}.parquet",
        held_out="collections/{collection}/{data}.held_out.parquet",
        record="collections/{collection}/{data}.json",
    log:
        "logs/training_data/{collection}.{data}.log",
    benchmark:
        "timings/training_data/{collection}.{data}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=4000,
    params:
        held_out=lambda wildcards: config["training_data"][wildcards.data]["held_out"],
        needs_relevant=lambda wildcards: needs_relevant(config, wildcards.data),
        code=code("training_data/join_examples.py"),
    message:
        "Joining the training data {wildcards.data} with their text"
    script:
        "../workflow/scripts/training_data/join_examples.py"
