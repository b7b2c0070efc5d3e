"""Write the tables of the tested comparisons, at the chosen epochs and at each epoch."""

from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.files import read_json
from lionrank.grid import Grid
from lionrank.paper.tables import comparisons as tables
from lionrank.paper.tables.tabular import write_table

output, params = snakemake.output, snakemake.params
grid = Grid.build(**params.grid)
labels = {name: entry["label"] for name, entry in params.test_sets.items()}
primary = next(iter(labels))
compared = read_json(snakemake.input.comparisons)
write_table(
    tables.chosen_table(compared, labels, primary, grid),
    tables.comparisons_rows(tables.chosen(compared, primary), grid),
    output.chosen,
    output.chosen_csv,
)
write_table(
    tables.by_epoch_table(compared, primary, grid),
    tables.comparisons_rows(tables.by_epoch(compared, primary), grid),
    output.by_epoch,
    output.by_epoch_csv,
)
