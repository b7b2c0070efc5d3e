from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank.msmarco import write_triplets

    write_triplets(
        snakemake.input[0], snakemake.output[0], snakemake.params.triplets, snakemake.threads
    )
