"""Write the table of a collection's statistics."""

from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.files import read_json
from lionrank.paper.tables import collection

output = snakemake.output
made = collection.table(read_json(snakemake.input.statistics))
made.write(snakemake.input.template, output.tex, output.csv)
