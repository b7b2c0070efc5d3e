"""Write the table of what each training cost."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.tables import efficiency

output = snakemake.output
grid = Grid.build(**snakemake.params.grid)
made = efficiency.table(read_json(snakemake.input.efficiency), grid)
made.write(located(snakemake, snakemake.params.template), output.tex, output.csv)

end(snakemake)
