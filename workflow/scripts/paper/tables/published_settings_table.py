"""Write the table of what the sources of a published study say of its trainings."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.tables import published_settings
from lionrank.published.scores import read_scores
from lionrank.published.settings import read
from lionrank.published.study import SETTINGS, TABLE, Study

output, params = snakemake.output, snakemake.params
folder = located(snakemake, params.study[0]).parent
study = Study.read(folder)
scores = read_scores(folder / TABLE, study)[study.primary]
made = published_settings.table(read(folder / SETTINGS, study.sources), scores, study)
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
