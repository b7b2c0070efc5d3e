from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.reranking import shards

shards.join(snakemake.input, snakemake.output[0])
lengths = shards.lengths(snakemake.input)
if lengths:
    print(lengths.told())

end(snakemake, lengths and lengths.record())
