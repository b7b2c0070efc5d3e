from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.reranking import shards

shards.join(snakemake.input, snakemake.output[0])
