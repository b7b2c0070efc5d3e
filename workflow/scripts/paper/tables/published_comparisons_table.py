"""Write the table of the tests of the published differences."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.jobs.repository import located
from lionrank.paper.tables import comparisons as tables
from lionrank.published.study import Study

output, params = snakemake.output, snakemake.params
study = Study.read(located(snakemake, params.study[0]).parent)
table = tables.published(read_json(snakemake.input.comparisons), study)
table.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
