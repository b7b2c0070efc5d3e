"""Draw training loss over epochs for every training."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank.figures import loss_figure
    from lionrank.grid import Grid

    grid = Grid.build(**snakemake.params.grid)
    logs = {f"{m.name}_{o}": snakemake.input[f"{m.name}_{o}"] for m, o in grid.trainings()}
    loss_figure(logs, grid, snakemake.input.style, snakemake.output)
