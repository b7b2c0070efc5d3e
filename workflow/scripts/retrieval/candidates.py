from lionrank.jobs.script import announce, begin, end

begin(snakemake)

from pathlib import Path

from lionrank.retrieval.candidates import join_candidates, tell_queries

join_candidates(
    Path(snakemake.input.run),
    Path(snakemake.input.topics),
    Path(snakemake.input.corpus),
    Path(snakemake.output[0]),
    snakemake.threads,
)
if told := tell_queries(snakemake.output[0], snakemake.wildcards.collection):
    announce(told)

end(snakemake)
