"""Test the comparisons that the config names."""

from lionrank.jobs.script import announce, begin, end

begin(snakemake)

from lionrank.evaluation import comparisons, ladders, per_query
from lionrank.evaluation.significance import Draws
from lionrank.files import write_json
from lionrank.grid import Grid
from lionrank.measures import Measure

given, params = snakemake.input, snakemake.params
grid = Grid.build(**params.grid)
measures = [Measure(**measure) for measure in params.measures]
values = per_query.read(given.per_query, given.best, grid, params.averages)
for line in comparisons.lacking(values, grid, measures, params.contrasts):
    announce(line)
compared = comparisons.compare_systems(
    values,
    grid,
    measures,
    params.families,
    Draws(**params.draws),
    ladders.read(given.parameters, params.ladders, params.margin),
    params.contrasts,
)
write_json(snakemake.output[0], compared)

end(snakemake)
