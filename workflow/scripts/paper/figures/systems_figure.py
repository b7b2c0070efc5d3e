"""Draw the primary measure of every system, of others too."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.figures.style import save, style
from lionrank.paper.figures.systems import systems_figure
from lionrank.paper.results import Layout, read_results
from lionrank.training import development

last = development.last_epochs(snakemake.input.best)
grid = Grid.build(**snakemake.params.grid, last=last)
layout = Layout.build(snakemake.params.test_sets, snakemake.params.columns)
results = read_results(snakemake.input.metrics, layout, grid)
chosen = development.chosen(snakemake.input.best)
with style(located(snakemake, snakemake.params.style)):
    save(systems_figure(results, grid, chosen), snakemake.output)

end(snakemake)
