"""Write the table of the tested comparisons with systems of others."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.tables.comparisons import between_systems

output, params = snakemake.output, snakemake.params
compared = read_json(snakemake.input.comparisons)
made = between_systems(compared, params.primary, Grid.build(**params.grid))
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
