from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank import shards

    shards.join(snakemake.input, snakemake.output[0])
