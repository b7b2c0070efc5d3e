"""Evaluate the run files of a test set: the values of every topic, and their means."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    import pandas as pd
    from tqdm import tqdm

    from lionrank import evaluation, trec
    from lionrank.files import atomic_write, write_parquet

    qrels = trec.read_qrels(snakemake.input.qrels)
    tables = []
    systems = zip(snakemake.input.runs, snakemake.params.labels, strict=True)
    for path, labels in tqdm(list(systems), desc="evaluating", unit="run file"):
        run, _ = trec.read_run(path)
        measured = evaluation.evaluate(qrels, run, snakemake.params.level, complete=True)
        tables.append(evaluation.tidy(measured, **labels))
    per_query = pd.concat(tables, ignore_index=True)
    write_parquet(snakemake.output.per_query, per_query)
    with atomic_write(snakemake.output.means) as handle:
        evaluation.means(per_query).to_csv(handle, index=False)
