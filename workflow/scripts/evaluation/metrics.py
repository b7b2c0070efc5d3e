"""Put the values of all test sets into one table, and average them over topics.

Epochs that early stopping left out are not in it. The averages over test sets are in the means.
"""

from lionrank.jobs.script import begin, end

begin(snakemake)

import pandas as pd

from lionrank import parquet
from lionrank.evaluation.means import means
from lionrank.evaluation.per_query import read_table, without_left_out
from lionrank.evaluation.significance import Draws
from lionrank.files import atomic_write
from lionrank.grid import Grid
from lionrank.training import development

params = snakemake.params
systems = pd.concat(map(read_table, snakemake.input.per_query), ignore_index=True)
per_query = without_left_out(systems, development.last_epochs(snakemake.input.best))
parquet.write(snakemake.output.per_query, per_query)
for name, test_sets in params.left_out.items():
    print(f"averages.{name} is left out: grid.test_sets lacks {', '.join(test_sets)}")
first_stages = Grid.build(**params.grid).first_stages
averaged = means(per_query, Draws(**params.draws), params.averages, first_stages)
with atomic_write(snakemake.output.means) as handle:
    averaged.to_csv(handle, index=False)

end(snakemake)
