from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank.importers import reader, write_topics

    write_topics(
        reader(snakemake.params.settings, snakemake.params.folders),
        snakemake.wildcards.topics,
        snakemake.output.topics,
        snakemake.output.qrels,
    )
