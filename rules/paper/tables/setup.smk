# Tables of the data, the backbones and how they were trained, in paper/tables/.


localrules:
    collection_table,
    training_table,
    optimizers_table,


rule collection_table:
    input:
        statistics=f"collections/{PLAN.collection}/statistics.json",
    output:
        tex="paper/tables/collection.tex",
        source_map="paper/tables/collection.tex.map",
        csv="paper/tables/collection.csv",
    log:
        "logs/paper/collection_table.log",
    benchmark:
        "timings/paper/collection_table.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        template=of_repository("paper/tables/collection.tex.j2"),
        code=code("paper/tables/collection_table.py"),
    message:
        "Making the table of the collection"
    script:
        "../../../workflow/scripts/paper/tables/collection_table.py"


rule datasets_table:
    input:
        training=PLAN.training_data.files(".parquet"),
        held_out=PLAN.training_data.files(".held_out.parquet"),
        corpora=PLAN.collections.corpora(),
        topics=[each.topics_file for each in PLAN.judged_sets()],
        qrels=[each.qrels for each in PLAN.judged_sets()],
        candidates=[each.candidates for each in PLAN.judged_sets()],
    output:
        tex="paper/tables/datasets.tex",
        source_map="paper/tables/datasets.tex.map",
        csv="paper/tables/datasets.csv",
    log:
        "logs/paper/datasets_table.log",
    benchmark:
        "timings/paper/datasets_table.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        collections={name: config["collections"][name] for name in PLAN.collections.used()},
        trained_on={name: collection_of_data(config, name) for name in PLAN.data},
        sets=[vars(each) for each in PLAN.judged_sets()],
        first_stages=PLAN.first_stages.printed(PLAN.judged_sets()),
        template=of_repository("paper/tables/datasets.tex.j2"),
        code=code("paper/tables/datasets_table.py"),
    message:
        "Counting topics, judgements and passages"
    script:
        "../../../workflow/scripts/paper/tables/datasets_table.py"


rule training_table:
    input:
        # The starts with one optimizer: those with the others are the same.
        checkpoints=expand(
            "checkpoints/{model}_{optimizer}_e0", model=PLAN.models, optimizer=PLAN.optimizers[:1]
        ),
        choices=[*PLAN.search.choices().values()],
    output:
        tex="paper/tables/training.tex",
        source_map="paper/tables/training.tex.map",
        csv="paper/tables/training.csv",
    log:
        "logs/paper/training_table.log",
    benchmark:
        "timings/paper/training_table.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        settings=brief(PLAN.settings()),
        origins=PLAN.origins(),
        template=of_repository("paper/tables/training.tex.j2"),
        code=code("paper/tables/training_table.py"),
    message:
        "Making the table of the trainings"
    script:
        "../../../workflow/scripts/paper/tables/training_table.py"


rule optimizers_table:
    input:
        choices=[*PLAN.search.choices().values()],
    output:
        tex="paper/tables/optimizers.tex",
        source_map="paper/tables/optimizers.tex.map",
        csv="paper/tables/optimizers.csv",
    log:
        "logs/paper/optimizers_table.log",
    benchmark:
        "timings/paper/optimizers_table.tsv"
    conda:
        "../../../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        grid=PLAN.paper.grid(),
        settings=brief(PLAN.settings()),
        template=of_repository("paper/tables/optimizers.tex.j2"),
        code=code("paper/tables/optimizers_table.py"),
    message:
        "Making the table of the optimizers"
    script:
        "../../../workflow/scripts/paper/tables/optimizers_table.py"
