from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.systems.run_file import import_run

import_run(
    snakemake.input.run,
    snakemake.input.topics,
    snakemake.input.corpus,
    snakemake.input.candidates,
    snakemake.params.depth,
    snakemake.wildcards.system,
    snakemake.output[0],
    snakemake.threads,
    remove_query=snakemake.params.remove_query,
)

end(snakemake)
