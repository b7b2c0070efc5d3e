"""Compile the paper to PDF and tell LaTeX's complaints."""

from lionrank.jobs.log import begin

begin(snakemake)

import json
from pathlib import Path

from lionrank.paper.latex import compile_pdf

provenance = json.loads(Path(snakemake.input.provenance).read_text(encoding="utf-8"))
complaints = compile_pdf(
    snakemake.input.tex,
    snakemake.output.pdf,
    snakemake.params.latex_log,
    snakemake.input.bibliography,
    provenance["git"]["time"],
    snakemake.params.templates,
)
print("\n".join(complaints) or "LaTeX had no complaints.")
