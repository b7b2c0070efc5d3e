from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.gpus import reserve

hardware = snakemake.config["hardware"]
gpus = reserve(hardware, snakemake.resources.gpu, snakemake.output[0])

from lionrank import parquet, trec
from lionrank.config.scorings import from_param
from lionrank.cross_encoder.device import prepare
from lionrank.reranking import shards
from lionrank.reranking.score import score

# Only `rerank_shard` has the wildcard.
shard = snakemake.wildcards.get("scatteritem", "1-of-1")
rows = shards.rows(snakemake.input.candidates, shard)
found = score(
    snakemake.input.checkpoint,
    snakemake.input.candidates,
    snakemake.params.precision,
    hardware,
    prepare(snakemake.threads, gpus),
    rows,
    from_param(snakemake.params.scoring),
)
candidates = parquet.read(snakemake.input.candidates, parquet.of_candidates("qid", "docid"))
ranking = candidates.slice(rows.start, len(found.scores)).to_pydict()
run = trec.to_run(ranking, found.scores.tolist())
trec.write_run(snakemake.output[0], run, snakemake.params.tag)

end(snakemake, found.lengths.record())
