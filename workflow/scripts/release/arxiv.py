"""Pack the paper's source for arXiv."""

from lionrank.jobs.log import begin

begin(snakemake)

import json
from pathlib import Path

from lionrank.release.arxiv import pack

provenance = json.loads(Path(snakemake.input.provenance).read_text(encoding="utf-8"))
names = pack(snakemake.input.tex, snakemake.output[0], provenance["git"]["time"])
print("\n".join(names))
