"""Write the table of the resolved settings of every training."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank.files import atomic_write
    from lionrank.grid import Grid
    from lionrank.tables import hyperparameters_table

    grid = Grid.build(**snakemake.params.grid)
    with atomic_write(snakemake.output[0]) as handle:
        handle.write(hyperparameters_table(snakemake.params.settings, grid))
