"""Write the table of the parameters of the optimizers."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.tables import optimizers
from lionrank.search.choice import with_choices

output, params = snakemake.output, snakemake.params
settings = with_choices(params.settings, snakemake.input.choices)
made = optimizers.table(settings, Grid.build(**params.grid))
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
