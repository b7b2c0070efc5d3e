# What is downloaded, at pinned revisions, onto the submitting host: no other rule needs a network.


localrules:
    fetch,
    prefetch,


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
        # The row itself, so that a new revision is fetched and the other rows' are left alone.
        row=lambda wildcards: vars(PLAN.sources[wildcards.source]),
        local=lambda wildcards: config["sources"]["local"].get(wildcards.source),
    message:
        "Fetching {wildcards.source}"
    script:
        "../workflow/scripts/sources/fetch.py"


# Everything that the experiment downloads: for a login node whose compute nodes have no internet.
rule prefetch:
    input:
        expand("sources/{source}", source=PLAN.needed_sources),
