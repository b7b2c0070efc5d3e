"""Pack the paper's source for arXiv."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.release.arxiv import pack

provenance = read_json(snakemake.input.provenance)
names = pack(snakemake.input.tex, snakemake.output[0], provenance["git"]["time"])
print("\n".join(names))

end(snakemake)
