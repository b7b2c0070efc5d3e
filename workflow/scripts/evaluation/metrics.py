"""Put the values of all test sets into one table, and average them over topics."""

from lionrank.jobs.script import begin, end

begin(snakemake)

import pandas as pd

from lionrank import parquet
from lionrank.evaluation.per_query import means, read_table
from lionrank.evaluation.significance import Draws
from lionrank.files import atomic_write

per_query = pd.concat(map(read_table, snakemake.input), ignore_index=True)
parquet.write(snakemake.output.per_query, per_query)
with atomic_write(snakemake.output.means) as handle:
    means(per_query, Draws(**snakemake.params.draws)).to_csv(handle, index=False)

end(snakemake)
