"""Write the table of how documents are scored."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.scorings import read_scorings
from lionrank.paper.tables import scorings

output, params = snakemake.output, snakemake.params
grid = Grid.build(**params.grid)
groups = read_scorings(snakemake.input.scorings, grid, params.test_sets, params.scorings)
made = scorings.table(groups, grid)
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
