"""Write the table of the topics that changed most between two optimizers."""

from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.files import read_json
from lionrank.grid import Grid
from lionrank.paper.tables.changes import changes_rows, changes_table
from lionrank.paper.tables.tabular import write_table

output, grid = snakemake.output, Grid.build(**snakemake.params.grid)
changed = read_json(snakemake.input.changes)
write_table(changes_table(changed, grid), changes_rows(changed, grid), output.tex, output.csv)
