from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank import trec
    from lionrank.files import write_parquet
    from lionrank.retrieval import join_candidates

    run, _ = trec.read_run(snakemake.input.run)
    topics = trec.read_topics(snakemake.input.topics)
    write_parquet(snakemake.output[0], join_candidates(run, topics, snakemake.input.corpus))
