"""Compile the paper to PDF and tell LaTeX's complaints."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.jobs.repository import located
from lionrank.paper.latex import compile_pdf

provenance = read_json(snakemake.input.provenance)
complaints = compile_pdf(
    snakemake.input.tex,
    snakemake.output.pdf,
    snakemake.params.latex_log,
    located(snakemake, snakemake.params.bibliography),
    provenance["git"]["time"],
)
print("\n".join(complaints) or "LaTeX had no complaints.")

end(snakemake)
