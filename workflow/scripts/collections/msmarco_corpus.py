from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.collections.msmarco import write_corpus

write_corpus(snakemake.input[0], snakemake.output[0], snakemake.threads)

end(snakemake)
