from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.collections.msmarco import write_triplets

write_triplets(
    snakemake.input[0], snakemake.output[0], snakemake.params.triplets, snakemake.threads
)

end(snakemake)
