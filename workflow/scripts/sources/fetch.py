from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.config.sources import read_table
from lionrank.jobs.repository import root
from lionrank.sources.download import fetch

fetch(
    read_table(root(snakemake) / snakemake.params.table)[snakemake.wildcards.source],
    folder=snakemake.output[0],
    # Not an output, which Snakemake would remove: it outlives every download.
    lock=f"{snakemake.output[0]}.lock.json",
    local=snakemake.params.local,
)

end(snakemake)
