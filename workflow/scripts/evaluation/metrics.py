"""Put the values of all test sets into one table, and average them over topics."""

from lionrank.jobs.log import begin

begin(snakemake)

import pandas as pd

from lionrank.evaluation.per_query import means
from lionrank.evaluation.significance import Draws
from lionrank.files import atomic_write, write_parquet

per_query = pd.concat(map(pd.read_parquet, snakemake.input), ignore_index=True)
write_parquet(snakemake.output.per_query, per_query)
with atomic_write(snakemake.output.means) as handle:
    means(per_query, Draws(**snakemake.params.draws)).to_csv(handle, index=False)
