"""Add up what each training cost, from its logs."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank.efficiency import efficiency
    from lionrank.files import write_json
    from lionrank.grid import Grid

    grid = Grid.build(**snakemake.params.grid)
    logs = {f"{m.name}_{o}": snakemake.input[f"{m.name}_{o}"] for m, o in grid.trainings()}
    write_json(snakemake.output[0], efficiency(logs, snakemake.input.checkpoints))
