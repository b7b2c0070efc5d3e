"""Draw the primary measure of every system, of others too."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.figures.style import save, style
from lionrank.paper.figures.systems import systems_figure
from lionrank.paper.results import read_experiment

grid, results, chosen = read_experiment(snakemake.input, snakemake.params)
with style(located(snakemake, snakemake.params.style)):
    save(systems_figure(results, grid, chosen), snakemake.output)

end(snakemake)
