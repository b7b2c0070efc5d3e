"""Write the tables of all systems: on the paper's columns, and at other least grades."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank import development
    from lionrank import results_table as tables
    from lionrank.grid import Grid
    from lionrank.published_scores import read_table1
    from lionrank.results import Layout, read_results
    from lionrank.tabular import write_table

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
