"""Write the table of a collection's statistics."""

from lionrank.jobs.log import begin

begin(snakemake)

import json
from pathlib import Path

from lionrank.paper.tables.collection import collection_rows, collection_table
from lionrank.paper.tables.tabular import write_table

output = snakemake.output
statistics = json.loads(Path(snakemake.input.statistics).read_text(encoding="utf-8"))
write_table(collection_table(statistics), collection_rows(statistics), output.tex, output.csv)
