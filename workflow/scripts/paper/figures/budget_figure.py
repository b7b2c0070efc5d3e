"""Draw what searches of fewer trials would have found."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.figures.budget import budget_figure
from lionrank.paper.figures.style import save, style
from lionrank.search.choice import read_all

choices = read_all(snakemake.input.choices)
grid = Grid.build(**snakemake.params.grid)
with style(located(snakemake, snakemake.params.style)):
    save(budget_figure(choices, grid), snakemake.output)

end(snakemake)
