"""Write the tables of all systems: on the paper's columns, and at other least grades."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank import development
    from lionrank.files import atomic_write
    from lionrank.grid import Grid
    from lionrank.results import Layout, read_results
    from lionrank.results_table import levels_table, results_table

    grid = Grid.build(**snakemake.params.grid)
    layout = Layout.build(snakemake.params.test_sets, snakemake.params.columns)
    results = read_results(snakemake.input.metrics, layout, grid)
    chosen = development.chosen(snakemake.input.best)
    with atomic_write(snakemake.output.results) as handle:
        handle.write(results_table(results, grid, chosen))
    with atomic_write(snakemake.output.levels) as handle:
        handle.write(levels_table(results, grid, chosen))
