from lionrank.jobs.script import begin, end

begin(snakemake)

from pathlib import Path

from lionrank.collections.describe import describe
from lionrank.files import write_json

names = snakemake.params.names
write_json(
    snakemake.output[0],
    describe(
        Path(snakemake.input.corpus),
        dict(zip(names, map(Path, snakemake.input.topics), strict=True)),
        dict(zip(names, map(Path, snakemake.input.qrels), strict=True)),
        snakemake.threads,
    ),
)

end(snakemake)
