"""Draw the primary measure against the number of parameters."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.cross_encoder.weights import size_of
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.figures.sizes import sizes_figure
from lionrank.paper.figures.style import save, style
from lionrank.paper.results import Layout, read_results
from lionrank.training import development

given, params = snakemake.input, snakemake.params
grid = Grid.build(**params.grid, last=development.last_epochs(given.best))
layout = Layout.build(params.test_sets, params.columns)
results = read_results(given.metrics, layout, grid)
sizes = {
    name: size_of(checkpoint)["parameters"]
    for name, checkpoint in zip(params.sized, given.checkpoints, strict=True)
}
chosen = development.chosen(given.best)
with style(located(snakemake, params.style)):
    save(sizes_figure(results, sizes, grid, chosen), snakemake.output)

end(snakemake)
