"""Write the table of the topics that changed most between two optimizers."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    import json
    from pathlib import Path

    from lionrank.changes_table import changes_table
    from lionrank.files import atomic_write
    from lionrank.grid import Grid

    changed = json.loads(Path(snakemake.input.changes).read_text(encoding="utf-8"))
    with atomic_write(snakemake.output[0]) as handle:
        handle.write(changes_table(changed, Grid.build(**snakemake.params.grid)))
