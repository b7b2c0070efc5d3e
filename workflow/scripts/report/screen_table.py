"""Write a table of the paper as a page for the screen."""

from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.files import atomic_write
from lionrank.report.tables import screen_table

params = snakemake.params
page = screen_table(snakemake.input.table, note=params.note, labels=params.labels, **params.text)
with atomic_write(snakemake.output[0]) as handle:
    handle.write(page)
