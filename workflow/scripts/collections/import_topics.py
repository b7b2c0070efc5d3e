from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.collections.convert import reader, write_topics

write_topics(
    reader(snakemake.params.settings, snakemake.params.folders),
    snakemake.wildcards.topics,
    snakemake.output.topics,
    snakemake.output.qrels,
    snakemake.params.levels,
    snakemake.params.remove_query,
)

end(snakemake)
