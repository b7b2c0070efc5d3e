"""Write the tables of all systems: on the paper's columns, and at other least grades."""

from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.grid import Grid
from lionrank.paper.results import Layout, read_results
from lionrank.paper.tables import results as tables
from lionrank.paper.tables.tabular import write_table
from lionrank.published.scores import read_table1
from lionrank.training import development

output, params = snakemake.output, snakemake.params
grid = Grid.build(**params.grid)
layout = Layout.build(params.test_sets, params.columns)
results = read_results(snakemake.input.metrics, layout, grid)
chosen = development.chosen(snakemake.input.best)
published = read_table1(snakemake.input.published) if params.beside_published else None
write_table(
    tables.results_table(results, grid, chosen, published),
    tables.results_rows(results, grid, chosen, published),
    output.results,
    output.results_csv,
)
write_table(
    tables.levels_table(results, grid, chosen),
    tables.levels_rows(results, grid, chosen),
    output.levels,
    output.levels_csv,
)
