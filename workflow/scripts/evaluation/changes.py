"""Compare the optimizers topic by topic, and say which passages moved."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from pathlib import Path

from lionrank import trec
from lionrank.evaluation import per_query
from lionrank.evaluation.changes import changes
from lionrank.evaluation.significance import Draws
from lionrank.files import write_json
from lionrank.grid import Grid

params = snakemake.params
grid = Grid.build(**params.grid)
changed = changes(
    per_query=per_query.read(snakemake.input.per_query, snakemake.input.best, grid),
    grid=grid,
    test_set=params.test_set,
    runs={Path(path).stem: path for path in snakemake.input.runs},
    qrels=trec.read_qrels(snakemake.input.qrels),
    topics=trec.read_topics(snakemake.input.topics),
    level=params.level,
    settings=Draws(**params.draws),
)
write_json(snakemake.output[0], changed)

end(snakemake)
