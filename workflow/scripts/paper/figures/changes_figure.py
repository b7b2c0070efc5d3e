"""Draw the difference of two optimizers on every topic."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.figures.changes import changes_figure
from lionrank.paper.figures.style import save, style

changed = read_json(snakemake.input.changes)
grid = Grid.build(**snakemake.params.grid)
with style(located(snakemake, snakemake.params.style)):
    save(changes_figure(changed, grid), snakemake.output)

end(snakemake)
