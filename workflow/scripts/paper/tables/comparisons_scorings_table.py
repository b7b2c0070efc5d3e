"""Write the table of the comparisons of how documents are scored."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.tables.comparisons import between_scorings

output, params = snakemake.output, snakemake.params
labels, scorings = (
    {name: entry["label"] for name, entry in told.items()}
    for told in (params.test_sets, params.scorings)
)
compared = read_json(snakemake.input.comparisons)
made = between_scorings(compared, labels, Grid.build(**params.grid), scorings)
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
