"""Unpack the one archive of a source into an index folder, and compare it with the corpus."""

from lionrank.jobs.script import announce, begin, end

begin(snakemake)

from lionrank.files import only_file
from lionrank.retrieval.bm25 import difference_in_size, unpack_index

index = snakemake.output[0]
unpack_index(only_file(snakemake.input.archive), index)
if told := difference_in_size(index, snakemake.input.corpus, snakemake.threads):
    announce(told)

end(snakemake)
