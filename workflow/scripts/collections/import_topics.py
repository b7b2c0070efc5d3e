from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.collections.convert import reader, write_topics

write_topics(
    reader(snakemake.params.settings, snakemake.params.folders),
    snakemake.wildcards.topics,
    snakemake.output.topics,
    snakemake.output.qrels,
    snakemake.params.levels,
)
