"""Write the table of published systems, and of ours among them."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank import development
    from lionrank.grid import Grid
    from lionrank.published_scores import read_table1, read_table2
    from lionrank.results import Layout, read_results
    from lionrank.systems_table import systems, systems_rows, systems_table
    from lionrank.tabular import write_table

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
