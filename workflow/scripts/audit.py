from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from pathlib import Path

    from lionrank.audit import collect, page
    from lionrank.files import atomic_write
    from lionrank.sources import read_table

    facts = collect(
        snakemake.params.config,
        read_table(snakemake.input.table),
        snakemake.params.sources,
        Path(snakemake.input.published),
        snakemake.params.jobs,
        snakemake.params.logs,
    )
    with atomic_write(snakemake.output[0]) as handle:
        handle.write(page(facts))
