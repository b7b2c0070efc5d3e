# Checkpoints as they would be on the Hugging Face hub; published, only when asked for.


localrules:
    model_card,
    model_cards,
    push_to_hub,
    push,


rule model_card:
    input:
        checkpoint="checkpoints/{model}_{optimizer}_e{epoch}",
        record=pairs_file("pairs.json"),
        dev_scores=dev_scores_so_far,
        template=ROOT / "workflow" / "lionrank" / "release" / "model_card.md.j2",
    output:
        directory("hub/{model}_{optimizer}_e{epoch}"),
    log:
        "logs/hub/{model}_{optimizer}_e{epoch}.card.log",
    benchmark:
        "timings/hub/card.{model}_{optimizer}_e{epoch}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        facts=card_facts,
        code=code("release/model_card.py"),
    message:
        "Writing the model card of {input.checkpoint}"
    script:
        "../workflow/scripts/release/model_card.py"


# Every checkpoint of the grid with its model card.
rule model_cards:
    input:
        expand("hub/{checkpoint}", checkpoint=CHECKPOINTS),


rule push_to_hub:
    input:
        folder=folder_to_push,
    output:
        "hub/{model}_{optimizer}_e{epoch}.json",
    log:
        "logs/hub/{model}_{optimizer}_e{epoch}.log",
    benchmark:
        "timings/hub/{model}_{optimizer}_e{epoch}.tsv"
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        # No digest of the code, as elsewhere: what was published is not uploaded again for that.
        repository=repository_of,
        private=config["hub"]["private"],
    message:
        "Publishing {input.folder} as {params.repository}"
    script:
        "../workflow/scripts/release/push.py"


# Every checkpoint of the grid, published.
rule push:
    input:
        expand("hub/{checkpoint}.json", checkpoint=CHECKPOINTS),
