"""Draw the values of scorings against the tokens that were read for them."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.figures.scorings import scorings_figure
from lionrank.paper.figures.style import save, style
from lionrank.paper.scorings import read_scorings

params = snakemake.params
grid = Grid.build(**params.grid)
groups = read_scorings(snakemake.input.scorings, grid, params.test_sets, params.scorings)
with style(located(snakemake, params.style)):
    save(scorings_figure(groups, grid), snakemake.output)

end(snakemake)
