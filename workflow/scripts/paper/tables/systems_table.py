"""Write the table of published systems, and of ours among them."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.results import read_experiment
from lionrank.paper.tables import systems
from lionrank.published.scores import read_scores
from lionrank.published.study import SYSTEMS, TABLE, Study
from lionrank.published.systems import read_systems

given, output, params = snakemake.input, snakemake.output, snakemake.params
grid, results, chosen = read_experiment(given, params)
folder = located(snakemake, params.study[0]).parent
study = Study.read(folder)
scores = read_scores(folder / TABLE, study)[study.primary]
made = systems.table(read_systems(folder / SYSTEMS), scores, study, results, grid, chosen)
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
