"""Tell which windows won, of what the chosen epochs score on test sets compared by scoring."""

from lionrank.jobs.script import begin, end

begin(snakemake)

import pandas as pd
from tqdm import tqdm

from lionrank import trec
from lionrank.evaluation import winning_windows
from lionrank.evaluation.depths import is_chosen
from lionrank.evaluation.overlap import evaluated
from lionrank.evaluation.per_query import with_epoch
from lionrank.files import atomic_write
from lionrank.grid import training_of
from lionrank.training import development

given, params = snakemake.input, snakemake.params
chosen = development.chosen(given.best)
paths = iter(given.windows)
rows = []
for division, judged in zip(params.divisions, given.qrels, strict=True):
    test_set = division["test_set"]
    qrels = evaluated(trec.read_qrels(judged), given.overlap, test_set)
    own = [(next(paths), labels) for labels in division["systems"]]
    for path, labels in tqdm(own, desc=test_set, unit="file of windows"):
        if is_chosen(labels, chosen):
            system = labels["system"] if labels["seed"] is None else training_of(labels["system"])
            of_row = {key: division[key] for key in ("test_set", "window", "stride", "level")}
            of_row |= {"system": system, "epoch": with_epoch(labels, chosen)["epoch"]}
            found = winning_windows.read(path, qrels, division["level"])
            rows += [of_row | each for each in winning_windows.summarised(found)]
with atomic_write(snakemake.output[0]) as handle:
    pd.DataFrame(rows).astype({"epoch": "Int64"}).to_csv(handle, index=False)

end(snakemake)
