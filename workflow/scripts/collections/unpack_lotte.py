"""Unpack one domain's split out of the one archive of LoTTE."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from pathlib import Path

from lionrank.collections.readers.lotte import unpack
from lionrank.files import only_file

unpack(
    only_file(snakemake.input[0]),
    snakemake.wildcards.domain,
    snakemake.wildcards.split,
    Path(snakemake.output[0]).parent,
)

end(snakemake)
