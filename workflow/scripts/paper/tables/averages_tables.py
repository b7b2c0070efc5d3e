"""Write the tables of averages: every system on every test set, and how many of these are won."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.jobs.repository import located
from lionrank.paper.results import read_experiment
from lionrank.paper.tables import averages as tables

given, output, params = snakemake.input, snakemake.output, snakemake.params
grid, results, chosen = read_experiment(given, params)
tables.by_set(results, grid, chosen).write(
    located(snakemake, params.template), output.sets, output.sets_csv
)
tables.wins(read_json(given.comparisons), results.layout, grid).write(
    located(snakemake, params.wins_template), output.wins, output.wins_csv
)

end(snakemake)
