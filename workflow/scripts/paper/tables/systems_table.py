"""Write the table of published systems, and of ours among them."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.results import read_experiment
from lionrank.paper.tables import systems
from lionrank.published.scores import read_table1, read_table2

given, output, params = snakemake.input, snakemake.output, snakemake.params
grid, results, chosen = read_experiment(given, params)
made = systems.table(
    read_table2(located(snakemake, params.table2)),
    read_table1(located(snakemake, params.table1)),
    results,
    grid,
    chosen,
)
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
