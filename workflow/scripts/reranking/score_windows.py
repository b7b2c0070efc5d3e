from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.gpus import reserve

hardware = snakemake.config["hardware"]
gpus = reserve(hardware, snakemake.resources.gpu, snakemake.output[0])

from lionrank import parquet
from lionrank.config.scorings import Division
from lionrank.cross_encoder.device import prepare
from lionrank.reranking import shards
from lionrank.reranking.score import score_windows

# Only `score_windows_shard` has the wildcard.
shard = snakemake.wildcards.get("scatteritem", "1-of-1")
windows = score_windows(
    snakemake.input.checkpoint,
    snakemake.input.candidates,
    snakemake.params.precision,
    hardware,
    prepare(snakemake.threads, gpus),
    Division(**snakemake.params.division),
    shards.rows(snakemake.input.candidates, shard),
)
parquet.write_table(snakemake.output[0], windows)

end(snakemake)
