from lionrank.jobs.log import job_log

with job_log(snakemake.log[0]):
    from lionrank.collections.msmarco import write_triplets

    write_triplets(
        snakemake.input[0], snakemake.output[0], snakemake.params.triplets, snakemake.threads
    )
