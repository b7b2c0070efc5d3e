from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.systems.checkpoint import import_checkpoint

import_checkpoint(snakemake.params.folder, snakemake.output[0], snakemake.params.max_length)

end(snakemake)
