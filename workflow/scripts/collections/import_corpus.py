from lionrank.jobs.log import job_log

with job_log(snakemake.log[0]):
    from lionrank.collections.convert import reader, write_corpus

    source = reader(snakemake.params.settings, snakemake.params.folders)
    write_corpus(source.documents(), snakemake.output[0])
