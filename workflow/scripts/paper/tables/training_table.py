"""Write the table of the backbones and of how they were trained."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.config.downloads import with_revision
from lionrank.cross_encoder.weights import size_of
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.tables import training
from lionrank.search.choice import with_choices

output, params = snakemake.output, snakemake.params
grid = Grid.build(**params.grid)
checkpoints = zip(grid.models, snakemake.input.checkpoints, strict=True)
sizes = {model.name: size_of(checkpoint) for model, checkpoint in checkpoints}
origins = {model: with_revision(start) for model, start in params.origins.items()}
settings = with_choices(params.settings, snakemake.input.choices)
made = training.table(settings, sizes, origins, grid)
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
