from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.collections.msmarco import write_corpus

write_corpus(snakemake.input[0], snakemake.output[0], snakemake.threads)
