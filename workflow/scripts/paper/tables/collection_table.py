"""Write the table of a collection's statistics."""

from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.files import read_json
from lionrank.paper.tables.collection import collection_rows, collection_table
from lionrank.paper.tables.tabular import write_table

output = snakemake.output
statistics = read_json(snakemake.input.statistics)
write_table(collection_table(statistics), collection_rows(statistics), output.tex, output.csv)
