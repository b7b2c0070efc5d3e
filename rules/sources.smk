# What is downloaded, at pinned revisions, onto the submitting host: no other rule needs a network.
from lionrank.sources import pin as pins


localrules:
    fetch,
    prefetch,
    pin,


rule fetch:
    output:
        directory("sources/{source}"),
    log:
        "logs/sources/{source}.log",
    benchmark:
        "timings/sources/{source}.tsv"
    retries: 1
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        # No digest of the code, as elsewhere: a download is what the table says, however it was made.
        # What the row asks for, so that a new id is fetched and the other rows' are left alone.
        row=lambda wildcards: PLAN.downloads.of(wildcards.source),
        table=config["sources"]["table"],
        local=lambda wildcards: config["sources"]["local"].get(wildcards.source),
    message:
        "Fetching {wildcards.source}"
    script:
        "../workflow/scripts/sources/fetch.py"


# Everything that the experiment downloads: for a login node whose compute nodes have no internet.
rule prefetch:
    input:
        expand("sources/{source}", source=PLAN.downloads.needed),


# The revisions, sizes and checksums that first downloads recorded, written into the table: the
# message says which, in a dry run too.
rule pin:
    log:
        "logs/sources/pin.log",
    conda:
        "../envs/lionrank.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        table=config["sources"]["table"],
        cells=lambda wildcards: pins.planned(*PLAN.downloads.to_pin()).cells,
        told=lambda wildcards: pins.planned(*PLAN.downloads.to_pin()).told,
    message:
        "{params.told}"
    script:
        "../workflow/scripts/sources/pin.py"
