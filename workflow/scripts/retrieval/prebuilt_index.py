"""Unpack the one archive of a source into an index folder."""

from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.files import only_file
from lionrank.retrieval.bm25 import unpack_index

unpack_index(only_file(snakemake.input[0]), snakemake.output[0])
