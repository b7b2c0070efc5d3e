# Teachers: the scores that objectives learn from, of the training topics' passages.


rule teaching_candidates:
    input:
        run="retrieval/{collection}/train.trec",
        qrels="collections/{collection}/qrels.train.txt",
        topics="collections/{collection}/topics.train.tsv",
        corpus="collections/{collection}/corpus",
    output:
        ensure("teachers/{collection}.candidates.parquet", non_empty=True),
    log:
        "logs/teachers/{collection}.candidates.log",
    benchmark:
        "timings/teachers/{collection}.candidates.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 2
    resources:
        mem_mb=4000,
    params:
        code=code("teachers/teaching_candidates.py"),
    message:
        "Joining what teachers score of {wildcards.collection} with its text"
    script:
        "../workflow/scripts/teachers/teaching_candidates.py"


rule teach_by_bi_encoder:
    input:
        folder=lambda wildcards: PLAN.teachers.bi_encoder_files(wildcards.teacher),
        candidates="teachers/{collection}.candidates.parquet",
    output:
        ensure("teachers/{teacher}/{collection}/train.trec", non_empty=True),
    log:
        "logs/teachers/{teacher}.{collection}.log",
    benchmark:
        "timings/teachers/{teacher}.{collection}.tsv"
    wildcard_constraints:
        teacher="|".join(PLAN.teachers.by("bi_encoder")) or NOTHING,
    conda:
        "../envs/lionrank.yaml"
    threads: config["hardware"]["threads"]
    resources:
        gpu=min(config["hardware"]["gpus"], 1),
        gpu_model="",
        mem_mb=8000,
    params:
        folder=lambda wildcards: PLAN.teachers.bi_encoder(wildcards.teacher),
        scale=lambda wildcards: config["teachers"][wildcards.teacher].get("scale", 1),
        code=code("teachers/teach_by_bi_encoder.py"),
    message:
        "Scoring {wildcards.collection} by the bi-encoder {wildcards.teacher} ({threads} threads, {resources.mem_mb} MB, gpu={resources.gpu} {resources.gpu_model})"
    script:
        "../workflow/scripts/teachers/teach_by_bi_encoder.py"


rule teach_by_checkpoint:
    input:
        checkpoint=lambda wildcards: PLAN.teachers.checkpoint(wildcards.teacher),
        candidates="teachers/{collection}.candidates.parquet",
    output:
        ensure("teachers/{teacher}/{collection}/train.trec", non_empty=True),
    log:
        "logs/teachers/{teacher}.{collection}.log",
    benchmark:
        "timings/teachers/{teacher}.{collection}.tsv"
    wildcard_constraints:
        teacher="|".join(PLAN.teachers.by("checkpoint")) or NOTHING,
    conda:
        "../envs/lionrank.yaml"
    threads: config["hardware"]["threads"]
    resources:
        gpu=min(config["hardware"]["gpus"], 1),
        gpu_model="",
        mem_mb=8000,
    params:
        precision=lambda wildcards: PLAN.precision(
            Path(PLAN.teachers.checkpoint(wildcards.teacher)).name
        ),
        code=code("teachers/teach_by_checkpoint.py"),
    message:
        "Scoring {wildcards.collection} by the checkpoint {wildcards.teacher} ({threads} threads, {resources.mem_mb} MB, gpu={resources.gpu} {resources.gpu_model})"
    script:
        "../workflow/scripts/teachers/teach_by_checkpoint.py"


rule teach_by_run_file:
    input:
        run=lambda wildcards: PLAN.teachers.run_file(wildcards.teacher),
        qrels="collections/{collection}/qrels.train.txt",
    output:
        ensure("teachers/{teacher}/{collection}/train.trec", non_empty=True),
    log:
        "logs/teachers/{teacher}.{collection}.log",
    benchmark:
        "timings/teachers/{teacher}.{collection}.tsv"
    wildcard_constraints:
        teacher="|".join(PLAN.teachers.by("run_file")) or NOTHING,
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        remove_query=removes_query,
        code=code("teachers/teach_by_run_file.py"),
    message:
        "Taking the scores of {wildcards.collection} from the run file {wildcards.teacher}"
    script:
        "../workflow/scripts/teachers/teach_by_run_file.py"
