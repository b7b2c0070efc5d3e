from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.systems.checkpoint import import_checkpoint

params = snakemake.params
import_checkpoint(params.folder, snakemake.output[0], params.max_length, params.key)

end(snakemake)
