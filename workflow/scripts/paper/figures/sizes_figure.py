"""Draw the primary measure against the number of parameters."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.jobs.repository import located
from lionrank.paper.figures.sizes import sizes_figure
from lionrank.paper.figures.style import save, style
from lionrank.paper.results import read_experiment

given, params = snakemake.input, snakemake.params
grid, results, chosen = read_experiment(given, params)
sizes = {name: each["parameters"] for name, each in read_json(given.parameters).items()}
with style(located(snakemake, params.style)):
    save(sizes_figure(results, sizes, grid, chosen), snakemake.output)

end(snakemake)
