from lionrank.jobs.log import begin

begin(snakemake)

import pandas as pd

from lionrank import trec
from lionrank.grid import FIRST_STAGE

candidates = pd.read_parquet(snakemake.input.candidates, columns=["qid", "docid", "score"])
run = trec.to_run(candidates, candidates["score"])
trec.write_run(snakemake.output[0], run, FIRST_STAGE)
