"""Draw what every treatment of a backbone reaches on every test set."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.figures.style import save, style
from lionrank.paper.figures.treatments import treatments_figure
from lionrank.paper.results import read_experiment
from lionrank.published.beside import as_ours, read_beside
from lionrank.published.study import Study

params = snakemake.params
grid, results, chosen = read_experiment(snakemake.input, params)
published = {}
for name, files in params.studies.items():
    folder = located(snakemake, files[0]).parent
    study = Study.read(folder)
    values = read_beside(folder, study.primary, params.compared[name])
    for measure, of_measure in as_ours(values, study, grid).items():
        published.setdefault(measure, {}).update(of_measure)
with style(located(snakemake, params.style)):
    save(treatments_figure(results, grid, chosen, published), snakemake.output)

end(snakemake)
