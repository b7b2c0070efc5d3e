from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank.download import fetch
    from lionrank.sources import read_table

    fetch(
        read_table(snakemake.params.table)[snakemake.wildcards.source],
        folder=snakemake.output[0],
        # Not an output, which Snakemake would remove: it outlives every download.
        lock=f"{snakemake.output[0]}.lock.json",
        local=snakemake.params.local,
    )
