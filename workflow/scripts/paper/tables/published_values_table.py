"""Write the table of the published values that are not the same in the authors' files."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.tables import published_values
from lionrank.published.agreement import Agreements
from lionrank.published.scores import read_both

output, params = snakemake.output, snakemake.params
both = read_both(located(snakemake, params.table1), located(snakemake, params.trec_eval))
made = published_values.table(Agreements.of(both))
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
