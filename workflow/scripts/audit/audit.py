from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.audit.backbones import sizes
from lionrank.audit.disks import paths
from lionrank.audit.page import collect, page
from lionrank.audit.schedule import Queue
from lionrank.config.sources import read_table
from lionrank.files import atomic_write
from lionrank.jobs.repository import located

sources = read_table(located(snakemake, snakemake.params.table))
local = snakemake.params.config["sources"]["local"]
facts = collect(
    snakemake.params.config,
    sources,
    snakemake.params.sources,
    {
        located(snakemake, study).parent: alike
        for (study, _), alike in zip(
            snakemake.params.published, snakemake.params.alike, strict=True
        )
    },
    snakemake.params.scored_again,
    snakemake.params.searches,
    snakemake.params.jobs,
    snakemake.params.logs,
    snakemake.params.recorded,
    snakemake.params.catalogued,
    paths(),
    *sizes(snakemake.params.starts, sources, local),
    Queue.read(located(snakemake, snakemake.params.profile)),
)
with atomic_write(snakemake.output[0]) as handle:
    handle.write(page(facts))

end(snakemake)
