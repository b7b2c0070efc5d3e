"""Evaluate the run files of a test set, and keep the values of every topic."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    import pandas as pd
    from tqdm import tqdm

    from lionrank import evaluation, trec
    from lionrank.files import write_parquet

    qrels = trec.read_qrels(snakemake.input.qrels)
    tables = []
    systems = zip(snakemake.input.runs, snakemake.params.labels, strict=True)
    for path, labels in tqdm(list(systems), desc="evaluating", unit="run file"):
        run, _ = trec.read_run(path)
        per_query = evaluation.evaluate(qrels, run, snakemake.params.level, complete=True)
        tables.append(evaluation.tidy(per_query, **labels))
    write_parquet(snakemake.output[0], pd.concat(tables, ignore_index=True))
