from lionrank.jobs.log import begin

begin(snakemake)

from pathlib import Path

from lionrank.audit.page import collect, page
from lionrank.config.sources import read_table
from lionrank.files import atomic_write

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
