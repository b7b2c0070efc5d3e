"""Draw what every treatment of a backbone reaches on every test set."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.figures.style import save, style
from lionrank.paper.figures.treatments import treatments_figure
from lionrank.paper.results import read_experiment

grid, results, chosen = read_experiment(snakemake.input, snakemake.params)
with style(located(snakemake, snakemake.params.style)):
    save(treatments_figure(results, grid, chosen, {}), snakemake.output)

end(snakemake)
