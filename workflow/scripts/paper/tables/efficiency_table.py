"""Write the table of what each training cost."""

from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.files import read_json
from lionrank.grid import Grid
from lionrank.paper.tables.efficiency import efficiency_rows, efficiency_table
from lionrank.paper.tables.tabular import write_table

output = snakemake.output
costs = read_json(snakemake.input.efficiency)
grid = Grid.build(**snakemake.params.grid)
write_table(efficiency_table(costs, grid), efficiency_rows(costs, grid), output.tex, output.csv)
