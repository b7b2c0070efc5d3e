from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.retrieval.bm25 import rank

given, output, params = snakemake.input, snakemake.output, snakemake.params
rank(
    given.index,
    given.topics,
    params.depth,
    output.run,
    output.record,
    snakemake.threads,
    **params.bm25,
    remove_query=params.remove_query,
)

end(snakemake)
