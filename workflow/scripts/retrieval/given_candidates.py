from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.retrieval.candidates import given_candidates, write_candidates

candidates = given_candidates(
    snakemake.params.settings,
    snakemake.params.folders,
    snakemake.wildcards.topics,
    snakemake.params.depth,
)
write_candidates(snakemake.output[0], [candidates])

end(snakemake)
