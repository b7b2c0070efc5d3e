from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.collections.convert import reader, write_corpus

source = reader(snakemake.params.settings, snakemake.params.folders)
write_corpus(source.documents(), snakemake.output[0])
