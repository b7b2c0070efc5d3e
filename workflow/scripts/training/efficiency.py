"""Add up what each training cost, from its logs."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import write_json
from lionrank.grid import Grid
from lionrank.training import development
from lionrank.training.cost import costs

last = development.last_epochs(snakemake.input.best)
grid = Grid.build(**snakemake.params.grid, last=last)
logs = grid.logs(snakemake.input)
write_json(snakemake.output[0], costs(logs, snakemake.input.checkpoints))

end(snakemake)
