"""Draw the primary measure against the number of parameters."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.cross_encoder.weights import size_of
from lionrank.jobs.repository import located
from lionrank.paper.figures.sizes import sizes_figure
from lionrank.paper.figures.style import save, style
from lionrank.paper.results import read_experiment

given, params = snakemake.input, snakemake.params
grid, results, chosen = read_experiment(given, params)
sizes = {
    name: size_of(checkpoint)["parameters"]
    for name, checkpoint in zip(params.sized, given.checkpoints, strict=True)
}
with style(located(snakemake, params.style)):
    save(sizes_figure(results, sizes, grid, chosen), snakemake.output)

end(snakemake)
