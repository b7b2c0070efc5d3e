"""Write the table of the published paper's claims."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    import json
    from pathlib import Path

    from lionrank.claims_table import claims_table
    from lionrank.files import atomic_write

    decided = json.loads(Path(snakemake.input.claims).read_text(encoding="utf-8"))
    with atomic_write(snakemake.output[0]) as handle:
        handle.write(claims_table(decided))
