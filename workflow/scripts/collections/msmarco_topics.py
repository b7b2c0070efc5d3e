from lionrank.jobs.log import job_log

with job_log(snakemake.log[0]):
    from lionrank.collections.msmarco import write_training_topics

    write_training_topics(snakemake.input[0], snakemake.output[0], snakemake.threads)
