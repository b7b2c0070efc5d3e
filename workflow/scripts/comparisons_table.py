"""Write the tables of the tested comparisons, at the chosen epochs and at each epoch."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    import json
    from pathlib import Path

    from lionrank.comparisons_table import by_epoch_table, chosen_table
    from lionrank.files import atomic_write
    from lionrank.grid import Grid

    grid = Grid.build(**snakemake.params.grid)
    labels = {name: entry["label"] for name, entry in snakemake.params.test_sets.items()}
    primary = next(iter(labels))
    compared = json.loads(Path(snakemake.input.comparisons).read_text(encoding="utf-8"))
    with atomic_write(snakemake.output.chosen) as handle:
        handle.write(chosen_table(compared, labels, primary, grid))
    with atomic_write(snakemake.output.by_epoch) as handle:
        handle.write(by_epoch_table(compared, primary, grid))
