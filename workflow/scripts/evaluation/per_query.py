"""Evaluate the run files of a test set topic by topic."""

from lionrank.jobs.script import begin, end

begin(snakemake)

import pandas as pd
from tqdm import tqdm

from lionrank import parquet, trec
from lionrank.evaluation import trec_eval as evaluation
from lionrank.evaluation.overlap import evaluated
from lionrank.evaluation.per_query import with_epoch
from lionrank.training import development

candidates: dict[str, set[str]] = {}
for pairs in parquet.batches(snakemake.input.candidates, parquet.of_candidates("qid", "docid")):
    for qid, docid in zip(*(column.to_pylist() for column in pairs.columns), strict=True):
        candidates.setdefault(qid, set()).add(docid)
judged = trec.read_qrels(snakemake.input.qrels)
qrels = evaluated(judged, snakemake.input.overlap, snakemake.wildcards.test_set)
tables, given = [], snakemake.params.given
chosen = development.chosen(snakemake.input.get("best", []))
systems = zip(snakemake.input.runs, snakemake.params.labels, strict=True)
for path, labels in tqdm(list(systems), desc="evaluating", unit="run file"):
    run, tag = trec.read_run(path)
    system = labels["system"]
    trec.check_ranks(run, tag, path, system, None if system in given else candidates)
    by_level = {
        level: evaluation.evaluate(qrels, run, level, complete=True)
        for level in snakemake.params.levels
    }
    tables.append(evaluation.tidy(by_level, **with_epoch(labels, chosen)))
table = pd.concat(tables, ignore_index=True)
# Integers that first stages lack.
parquet.write(snakemake.output[0], table.astype({"epoch": "Int64", "seed": "Int64"}))

end(snakemake)
