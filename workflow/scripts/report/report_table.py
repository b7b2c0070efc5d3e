"""Write a table of the paper as a page of the report."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import atomic_write
from lionrank.report.tables import table_page

params = snakemake.params
page = table_page(snakemake.input.table, note=params.note, labels=params.labels, **params.text)
with atomic_write(snakemake.output[0]) as handle:
    handle.write(page)

end(snakemake)
