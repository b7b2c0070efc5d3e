from lionrank.jobs.log import job_log

with job_log(snakemake.log[0]):
    from lionrank.collections.convert import reader, write_topics

    write_topics(
        reader(snakemake.params.settings, snakemake.params.folders),
        snakemake.wildcards.topics,
        snakemake.output.topics,
        snakemake.output.qrels,
    )
