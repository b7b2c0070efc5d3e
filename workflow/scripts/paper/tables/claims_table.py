"""Write the table of the published paper's claims."""

from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.files import read_json
from lionrank.paper.tables.claims import claims_rows, claims_table
from lionrank.paper.tables.tabular import write_table

output = snakemake.output
decided = read_json(snakemake.input.claims)
write_table(claims_table(decided), claims_rows(decided), output.tex, output.csv)
