"""Add up what each training cost, from its logs."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import write_json
from lionrank.grid import Grid
from lionrank.training.cost import costs

grid = Grid.build(**snakemake.params.grid)
logs = {each.name: snakemake.input[each.name] for each in grid.trainings()}
write_json(snakemake.output[0], costs(logs, snakemake.input.checkpoints))

end(snakemake)
