from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.collections.convert import reader, write_corpus

source = reader(snakemake.params.settings, snakemake.params.folders)
write_corpus(source.documents, snakemake.output[0])

end(snakemake)
