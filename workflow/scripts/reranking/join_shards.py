from lionrank.jobs.log import job_log

with job_log(snakemake.log[0]):
    from lionrank.reranking import shards

    shards.join(snakemake.input, snakemake.output[0])
