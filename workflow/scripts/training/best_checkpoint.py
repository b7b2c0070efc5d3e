"""Give the checkpoint of a training's best epoch on development data a name that tells no epoch."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from pathlib import Path

from lionrank.files import read_json
from lionrank.training.checkpoints import folder_from

best = read_json(snakemake.input.best)["epoch"]
chosen, output = Path(snakemake.input.checkpoints[best - 1]), snakemake.output[0]
# Linked where the file system can, as weights are large.
with folder_from(chosen, output, link=True):
    print(f"{output} is {chosen}, the best epoch on development data.")

end(snakemake)
