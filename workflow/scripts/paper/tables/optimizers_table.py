"""Write the table of the parameters of the optimizers."""

from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.grid import Grid
from lionrank.paper.tables.optimizers import optimizers_rows, optimizers_table
from lionrank.paper.tables.tabular import write_table

output, settings = snakemake.output, snakemake.params.settings
grid = Grid.build(**snakemake.params.grid)
write_table(
    optimizers_table(settings, grid), optimizers_rows(settings, grid), output.tex, output.csv
)
