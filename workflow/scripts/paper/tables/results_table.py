"""Write the tables of all systems: on the paper's columns, and at other relevance thresholds."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.results import read_experiment
from lionrank.paper.tables import results as tables
from lionrank.published.scores import read_both, rounded

given, output, params = snakemake.input, snakemake.output, snakemake.params
grid, results, chosen = read_experiment(given, params)
both = read_both(located(snakemake, params.table1), located(snakemake, params.trec_eval))
published = rounded(both[params.beside_published]) if params.beside_published else None
tables.table(results, grid, chosen, published).write(
    located(snakemake, params.template), output.results, output.results_csv
)
tables.levels(results, grid, chosen).write(
    located(snakemake, params.levels_template), output.levels, output.levels_csv
)

end(snakemake)
