"""Write the table of what the sources of the published study say of its trainings."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.tables import published_settings
from lionrank.published.scores import read_table1
from lionrank.published.settings import read

output, params = snakemake.output, snakemake.params
made = published_settings.table(
    read(located(snakemake, params.published)),
    read_table1(located(snakemake, params.table1)),
)
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
