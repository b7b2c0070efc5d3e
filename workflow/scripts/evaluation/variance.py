"""Take apart how much of the variance of trainings is of topics and how much of seeds."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.evaluation import per_query, variance
from lionrank.files import write_json
from lionrank.grid import Grid
from lionrank.measures import Measure

params = snakemake.params
grid = Grid.build(**params.grid)
values = per_query.read(snakemake.input.per_query, snakemake.input.best, grid, params.averages)
measures = [Measure(**measure) for measure in params.measures]
write_json(snakemake.output[0], variance.of_experiment(values, grid, measures))

end(snakemake)
