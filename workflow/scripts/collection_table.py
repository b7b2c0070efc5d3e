"""Write the table of a collection's statistics."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    import json
    from pathlib import Path

    from lionrank.files import atomic_write
    from lionrank.tables import collection_table

    statistics = json.loads(Path(snakemake.input.statistics).read_text(encoding="utf-8"))
    with atomic_write(snakemake.output[0]) as handle:
        handle.write(collection_table(statistics))
