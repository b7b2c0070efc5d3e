"""Write the table of the topics that changed most between two optimizers."""

from lionrank.jobs.log import begin

begin(snakemake)

import json
from pathlib import Path

from lionrank.grid import Grid
from lionrank.paper.tables.changes import changes_rows, changes_table
from lionrank.paper.tables.tabular import write_table

output, grid = snakemake.output, Grid.build(**snakemake.params.grid)
changed = json.loads(Path(snakemake.input.changes).read_text(encoding="utf-8"))
write_table(changes_table(changed, grid), changes_rows(changed, grid), output.tex, output.csv)
