"""Write the tables of the tested comparisons, at the chosen epochs and at each epoch."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.tables import comparisons as tables

given, output, params = snakemake.input, snakemake.output, snakemake.params
grid = Grid.build(**params.grid)
labels = {name: entry["label"] for name, entry in params.test_sets.items()}
primary = next(iter(labels))
compared = read_json(given.comparisons)
tables.chosen(compared, labels, primary, grid).write(
    located(snakemake, params.template), output.chosen, output.chosen_csv
)
tables.by_epoch(compared, primary, grid).write(
    located(snakemake, params.by_epoch_template), output.by_epoch, output.by_epoch_csv
)

end(snakemake)
