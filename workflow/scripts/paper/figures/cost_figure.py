"""Draw the primary measure against what training cost."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.jobs.repository import located
from lionrank.paper.figures.cost import cost_figure
from lionrank.paper.figures.style import save, style
from lionrank.paper.results import read_experiment

grid, results, chosen = read_experiment(snakemake.input, snakemake.params)
efficiency = read_json(snakemake.input.efficiency)
with style(located(snakemake, snakemake.params.style)):
    save(cost_figure(results, efficiency, grid, chosen), snakemake.output)

end(snakemake)
