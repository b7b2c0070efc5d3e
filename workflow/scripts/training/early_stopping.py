"""Decide by the development scores so far whether a training has stopped."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import write_json
from lionrank.training import development

last = development.stopped_after(development.read(snakemake.input), snakemake.params.patience)
write_json(snakemake.output[0], {"stopped_after": last})

end(snakemake)
