from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.reranking import shards

shards.join(snakemake.input, snakemake.output[0])

end(snakemake)
