"""Write the table of all systems and measures."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank.files import atomic_write
    from lionrank.tables import Grid, read_results, results_table

    grid = Grid.build(**snakemake.params.grid)
    results = read_results(snakemake.input.metrics, snakemake.params.test_set, grid)
    with atomic_write(snakemake.output[0]) as handle:
        handle.write(results_table(results, grid))
