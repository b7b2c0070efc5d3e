from lionrank.jobs.script import begin, end

begin(snakemake)

from pathlib import Path

from lionrank.retrieval.candidates import join_candidates

join_candidates(
    Path(snakemake.input.run),
    Path(snakemake.input.topics),
    Path(snakemake.input.corpus),
    Path(snakemake.output[0]),
    snakemake.threads,
)

end(snakemake)
