"""Draw the difference of two optimizers on every topic."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    import json
    from pathlib import Path

    from lionrank.figures import changes_figure
    from lionrank.grid import Grid

    changed = json.loads(Path(snakemake.input.changes).read_text(encoding="utf-8"))
    grid = Grid.build(**snakemake.params.grid)
    changes_figure(changed, grid, snakemake.input.style, snakemake.output)
