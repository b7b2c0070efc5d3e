"""Write the tables of all systems: on the paper's columns, and at other relevance thresholds."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.results import read_experiment
from lionrank.paper.tables import results as tables
from lionrank.published.beside import read_beside

given, output, params = snakemake.input, snakemake.output, snakemake.params
grid, results, chosen = read_experiment(given, params)
# Only where the config asks for published values.
published = (
    read_beside(located(snakemake, params.study[0]).parent, params.account, params.compared)
    if params.study
    else None
)
tables.table(results, grid, chosen, published).write(
    located(snakemake, params.template), output.results, output.results_csv
)
tables.levels(results, grid, chosen).write(
    located(snakemake, params.levels_template), output.levels, output.levels_csv
)

end(snakemake)
