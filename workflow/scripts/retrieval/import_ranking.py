from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.retrieval.run_file import import_ranking

given, output = snakemake.input, snakemake.output
import_ranking(
    given.run,
    given.topics,
    given.corpus,
    snakemake.params.depth,
    snakemake.params.first_stage,
    output.run,
    output.record,
    snakemake.threads,
    remove_query=snakemake.params.remove_query,
)

end(snakemake)
