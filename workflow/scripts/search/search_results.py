"""Write all trials of all searches as one table."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import atomic_write
from lionrank.search import results
from lionrank.search.choice import read_all

choices = read_all(snakemake.input)
with atomic_write(snakemake.output[0]) as handle:
    results.write(choices.values(), handle)

end(snakemake)
