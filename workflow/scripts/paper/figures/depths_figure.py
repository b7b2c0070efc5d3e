"""Draw the primary measure against the number of candidates that are reranked."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.measures import METRICS, PRIMARY
from lionrank.paper.depths import read_depths
from lionrank.paper.figures.depths import depths_figure
from lionrank.paper.figures.style import save, style

params = snakemake.params
grid = Grid.build(**params.grid)
depths, *_ = read_depths(snakemake.input.depths, grid)
with style(located(snakemake, params.style)):
    save(depths_figure(depths, grid, METRICS[PRIMARY]), snakemake.output)

end(snakemake)
