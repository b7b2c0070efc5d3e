"""Count the parameters of the grid's models and of other systems that are checkpoints."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from pathlib import Path

from lionrank.cross_encoder.parameters import of_checkpoint
from lionrank.files import write_json

checkpoints = dict(zip(snakemake.params.names, map(Path, snakemake.input), strict=True))
write_json(
    snakemake.output[0], {name: of_checkpoint(folder) for name, folder in checkpoints.items()}
)

end(snakemake)
