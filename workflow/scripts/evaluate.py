from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank import evaluation, trec
    from lionrank.files import write_parquet

    run, tag = trec.read_run(snakemake.input.run)
    qrels = trec.read_qrels(snakemake.input.qrels)
    per_query = evaluation.evaluate(qrels, run, snakemake.params.level, complete=True)
    evaluation.write_text(snakemake.output.text, per_query, tag)
    tidy = evaluation.tidy(per_query, **snakemake.params.labels)
    write_parquet(snakemake.output.per_query, tidy)
