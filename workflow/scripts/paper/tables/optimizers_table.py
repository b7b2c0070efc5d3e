"""Write the table of the parameters of the optimizers."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.tables import optimizers

output, params = snakemake.output, snakemake.params
made = optimizers.table(params.settings, Grid.build(**params.grid))
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
