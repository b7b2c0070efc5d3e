"""Write the table of a collection's statistics."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    import json
    from pathlib import Path

    from lionrank.collection_table import collection_rows, collection_table
    from lionrank.tabular import write_table

    output = snakemake.output
    statistics = json.loads(Path(snakemake.input.statistics).read_text(encoding="utf-8"))
    write_table(collection_table(statistics), collection_rows(statistics), output.tex, output.csv)
