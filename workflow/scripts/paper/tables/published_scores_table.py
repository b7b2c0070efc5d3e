"""Write the table of the values that a study published."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.tables import published_scores
from lionrank.published.scores import read_scores
from lionrank.published.study import TABLE, Study

output, params = snakemake.output, snakemake.params
folder = located(snakemake, params.study[0]).parent
study = Study.read(folder)
made = published_scores.table(read_scores(folder / TABLE, study)[study.primary], study)
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
