"""Write the table of the contrasts of ladders, and of those that the config names."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.tables.comparisons import named

output, params = snakemake.output, snakemake.params
labels = {name: entry["label"] for name, entry in params.test_sets.items()}
compared = read_json(snakemake.input.comparisons)
made = named(compared, labels, Grid.build(**params.grid), params.contrasts)
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
