from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.collections.msmarco import write_training_topics

write_training_topics(snakemake.input[0], snakemake.output[0], snakemake.threads)

end(snakemake)
