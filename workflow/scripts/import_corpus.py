from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank.importers import reader, write_corpus

    source = reader(snakemake.params.settings, snakemake.params.folders)
    write_corpus(source.documents(), snakemake.output[0])
