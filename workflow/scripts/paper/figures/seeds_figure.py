"""Draw the score of every seed."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.figures.seeds import seeds_figure
from lionrank.paper.figures.style import save, style
from lionrank.paper.results import read_experiment

grid, results, chosen = read_experiment(snakemake.input, snakemake.params)
with style(located(snakemake, snakemake.params.style)):
    save(seeds_figure(results, grid, chosen), snakemake.output)

end(snakemake)
