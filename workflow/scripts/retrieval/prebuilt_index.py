"""Unpack the one archive of a source into an index folder."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import only_file
from lionrank.retrieval.bm25 import unpack_index

unpack_index(only_file(snakemake.input[0]), snakemake.output[0])

end(snakemake)
