"""Evaluate, by depth of the candidates, what the chosen epochs of trainings and others rank."""

from lionrank.jobs.script import begin, end

begin(snakemake)

import pandas as pd
from tqdm import tqdm

from lionrank import trec
from lionrank.evaluation import depths
from lionrank.evaluation.overlap import evaluated
from lionrank.evaluation.per_query import with_epoch
from lionrank.evaluation.significance import Draws
from lionrank.files import atomic_write
from lionrank.training import development

given, params = snakemake.input, snakemake.params
chosen = development.chosen(given.best)
systems = [
    (path, with_epoch(labels, chosen))
    for path, labels in zip(given.runs, params.labels, strict=True)
    if depths.is_chosen(labels, chosen)
]
summaries = []
for place, (test_set, level) in enumerate(params.levels.items()):
    ranks = depths.read_ranks(given.candidates[place])
    qrels = evaluated(trec.read_qrels(given.qrels[place]), given.overlap, test_set)
    candidates = {qid: set(ranked) for qid, ranked in ranks.items()}
    own = [(path, labels) for path, labels in systems if labels["test_set"] == test_set]
    tables = []
    for path, labels in tqdm(own, desc=test_set, unit="run file"):
        run, tag = trec.read_run(path)
        trec.check_ranks(run, tag, path, labels["system"], candidates)
        tables.append(depths.evaluate_at(run, ranks, qrels, level, labels))
    best, ceiling = depths.by_grade(ranks, qrels), depths.ceiling_of(labels)
    tables.append(depths.evaluate_at(best, ranks, qrels, level, ceiling))
    summaries.append(depths.summarised(tables, Draws(**params.draws)))
with atomic_write(snakemake.output[0]) as handle:
    pd.concat(summaries, ignore_index=True).to_csv(handle, index=False)

end(snakemake)
