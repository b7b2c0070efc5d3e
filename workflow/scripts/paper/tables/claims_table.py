"""Write the table of the published paper's claims."""

from lionrank.jobs.log import begin

begin(snakemake)

import json
from pathlib import Path

from lionrank.paper.tables.claims import claims_rows, claims_table
from lionrank.paper.tables.tabular import write_table

output = snakemake.output
decided = json.loads(Path(snakemake.input.claims).read_text(encoding="utf-8"))
write_table(claims_table(decided), claims_rows(decided), output.tex, output.csv)
