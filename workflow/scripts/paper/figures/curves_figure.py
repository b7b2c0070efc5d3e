"""Draw the training logs of every training."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.figures.curves import curves_figure
from lionrank.paper.figures.style import save, style
from lionrank.training import development

last = development.last_epochs(snakemake.input.best)
grid = Grid.build(**snakemake.params.grid, last=last)
logs = grid.logs(snakemake.input)
with style(located(snakemake, snakemake.params.style)):
    save(curves_figure(logs, grid), snakemake.output)

end(snakemake)
