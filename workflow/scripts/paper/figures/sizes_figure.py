"""Draw the primary metric against the parameters of the encoders."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.figures.scale import read_parameters
from lionrank.paper.figures.sizes import sizes_figure
from lionrank.paper.figures.style import save, style
from lionrank.paper.results import read_experiment

given, params = snakemake.input, snakemake.params
grid, results, chosen = read_experiment(given, params)
parameters = read_parameters(given.parameters)
with style(located(snakemake, params.style)):
    save(sizes_figure(results, parameters, grid, chosen, params.ladders), snakemake.output)

end(snakemake)
