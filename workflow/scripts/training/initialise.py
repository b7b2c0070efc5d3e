from lionrank.jobs.log import job_log

with job_log(snakemake.log[0]):
    from lionrank.cross_encoder.initialise import initialise

    initialise(
        snakemake.params.backbone,
        snakemake.params.folders,
        snakemake.params.seed,
        snakemake.params.max_length,
        snakemake.output[0],
    )
