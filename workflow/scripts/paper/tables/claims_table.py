"""Write the table of the published paper's claims."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.jobs.repository import located
from lionrank.paper.tables import claims

output = snakemake.output
made = claims.table(read_json(snakemake.input.claims))
made.write(located(snakemake, snakemake.params.template), output.tex, output.csv)

end(snakemake)
