"""Record commit, settings, packages, machine, time and run files behind the paper."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from pathlib import Path

from lionrank.files import write_json
from lionrank.jobs import descent, records
from lionrank.jobs.repository import located, root
from lionrank.paper.provenance import collect
from lionrank.training import development

# They are no inputs, and are to be what was recorded all the same.
records.taken(path for path in snakemake.params.runs if Path(path).exists())
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
