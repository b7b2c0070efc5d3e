"""Write the table of the claims of a published study."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.jobs.repository import located
from lionrank.paper.tables import claims
from lionrank.published.study import Study

output, params = snakemake.output, snakemake.params
study = Study.read(located(snakemake, params.study[0]).parent)
made = claims.table(read_json(snakemake.input.claims), study)
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
