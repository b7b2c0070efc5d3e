from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.config.sources import Source
from lionrank.sources.download import fetch

fetch(
    Source(**snakemake.params.row),
    folder=snakemake.output[0],
    # Not an output, which Snakemake would remove: it outlives every download.
    lock=f"{snakemake.output[0]}.lock.json",
    local=snakemake.params.local,
)
