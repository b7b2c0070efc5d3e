"""Write into the table of sources what first downloads recorded."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import root
from lionrank.sources.pin import write

write(root(snakemake) / snakemake.params.table, snakemake.params.cells)
print(snakemake.params.told)

end(snakemake)
