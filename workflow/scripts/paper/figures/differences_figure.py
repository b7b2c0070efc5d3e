"""Draw how far each system is from the first stage on each test set of an average."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.figures.differences import differences_figure
from lionrank.paper.figures.style import save, style
from lionrank.paper.results import read_experiment

grid, results, chosen = read_experiment(snakemake.input, snakemake.params)
with style(located(snakemake, snakemake.params.style)):
    save(differences_figure(results, grid, chosen), snakemake.output)

end(snakemake)
