"""Write the table of published systems, and of ours among them."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.results import Layout, read_results
from lionrank.paper.tables import systems
from lionrank.published.scores import read_table1, read_table2
from lionrank.training import development

given, output, params = snakemake.input, snakemake.output, snakemake.params
grid = Grid.build(**params.grid, last=development.last_epochs(given.best))
layout = Layout.build(params.test_sets, params.columns)
made = systems.table(
    read_table2(located(snakemake, params.table2)),
    read_table1(located(snakemake, params.table1)),
    read_results(given.metrics, layout, grid),
    grid,
    development.chosen(given.best),
)
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
