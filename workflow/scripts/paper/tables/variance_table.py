"""Write the table of the variance between topics, between seeds, and of the rest."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.tables import variance

params, output = snakemake.params, snakemake.output
labels = {name: each["label"] for name, each in params.test_sets.items()}
made = variance.table(read_json(snakemake.input[0]), labels, Grid.build(**params.grid))
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
