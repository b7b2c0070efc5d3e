"""Average every training over its seeds, epoch by epoch and at the epochs that these chose."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.evaluation.over_seeds import over_seeds
from lionrank.evaluation.per_query import read_table
from lionrank.evaluation.significance import Draws
from lionrank.files import atomic_write
from lionrank.grid import Grid
from lionrank.training import development

given, params = snakemake.input, snakemake.params
averaged = over_seeds(
    read_table(given.per_query),
    development.chosen(given.best),
    Draws(**params.draws),
    params.averages,
    Grid.build(**params.grid).first_stages,
)
with atomic_write(snakemake.output[0]) as handle:
    averaged.to_csv(handle, index=False)

end(snakemake)
