from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.retrieval.bm25 import build_index

build_index(snakemake.input[0], snakemake.output[0], snakemake.threads)

end(snakemake)
