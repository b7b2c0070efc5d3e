"""Write the page on which checkpoints are sorted and filtered and training curves seen."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import atomic_write
from lionrank.grid import Grid
from lionrank.report.results_page import results_page
from lionrank.training import development

params = snakemake.params
last = development.last_epochs(snakemake.input.best)
grid = Grid.build(**params.grid, last=last)
logs = grid.logs(snakemake.input)
page = results_page(
    snakemake.input.metrics, snakemake.input.best, logs, grid, params.test_sets, params.paper
)
with atomic_write(snakemake.output[0]) as handle:
    handle.write(page)

end(snakemake)
