"""Record commit, settings, packages, machine, time and run files behind the paper."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import write_json
from lionrank.jobs import descent
from lionrank.jobs.repository import located, root
from lionrank.paper.provenance import collect
from lionrank.training import development

facts = collect(
    repository=root(snakemake),
    rules=snakemake.params.rules,
    config=snakemake.params.config,
    defaults=located(snakemake, snakemake.params.defaults),
    run_files=snakemake.params.runs,
    last_epochs=development.last_epochs(snakemake.input.best),
    data=snakemake.input.data,
    pinned=snakemake.params.pinned,
    catalogued=snakemake.params.catalogued,
    timings="timings",
    files=descent.vouched(snakemake.input),
)
write_json(snakemake.output[0], facts)

end(snakemake)
