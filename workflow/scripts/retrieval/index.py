from lionrank.jobs.log import job_log

with job_log(snakemake.log[0]):
    from lionrank.retrieval.bm25 import build_index

    build_index(snakemake.input[0], snakemake.output[0], snakemake.threads)
