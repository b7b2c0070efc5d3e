"""Write the table of published systems, and of ours among them."""

from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.grid import Grid
from lionrank.paper.results import Layout, read_results
from lionrank.paper.tables.systems import systems, systems_rows, systems_table
from lionrank.paper.tables.tabular import write_table
from lionrank.published.scores import read_table1, read_table2
from lionrank.training import development

given, output, params = snakemake.input, snakemake.output, snakemake.params
grid = Grid.build(**params.grid)
layout = Layout.build(params.test_sets, params.columns)
rows = systems(
    read_table2(given.table2),
    read_table1(given.table1),
    read_results(given.metrics, layout, grid),
    grid,
    development.chosen(given.best),
)
write_table(systems_table(rows), systems_rows(rows), output.tex, output.csv)
