"""Write the table of a collection's statistics."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.jobs.repository import located
from lionrank.paper.tables import collection

output = snakemake.output
made = collection.table(read_json(snakemake.input.statistics))
made.write(located(snakemake, snakemake.params.template), output.tex, output.csv)

end(snakemake)
