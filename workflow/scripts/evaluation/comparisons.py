"""Test the comparisons that the config names."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.evaluation import comparisons, per_query
from lionrank.evaluation.significance import Draws
from lionrank.files import write_json
from lionrank.grid import Grid
from lionrank.measures import Measure

params = snakemake.params
grid = Grid.build(**params.grid)
compared = comparisons.compare_systems(
    per_query.read(snakemake.input.per_query, snakemake.input.best, grid, params.averages),
    grid,
    [Measure(**measure) for measure in params.measures],
    params.families,
    Draws(**params.draws),
)
write_json(snakemake.output[0], compared)

end(snakemake)
