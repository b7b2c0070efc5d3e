"""Write the table of the topics that changed most between two optimizers."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.tables import changes

output = snakemake.output
made = changes.table(read_json(snakemake.input.changes), Grid.build(**snakemake.params.grid))
made.write(located(snakemake, snakemake.params.template), output.tex, output.csv)

end(snakemake)
