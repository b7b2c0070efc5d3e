"""Draw the primary measure against what training cost."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.figures.cost import cost_figure
from lionrank.paper.figures.style import save, style
from lionrank.paper.results import Layout, read_results
from lionrank.training import development

last = development.last_epochs(snakemake.input.best)
grid = Grid.build(**snakemake.params.grid, last=last)
layout = Layout.build(snakemake.params.test_sets, snakemake.params.columns)
results = read_results(snakemake.input.metrics, layout, grid)
efficiency = read_json(snakemake.input.efficiency)
chosen = development.chosen(snakemake.input.best)
with style(located(snakemake, snakemake.params.style)):
    save(cost_figure(results, efficiency, grid, chosen), snakemake.output)

end(snakemake)
