"""Decide the claims of a published study."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.claims import decide as claims
from lionrank.claims import file as claim_file
from lionrank.claims.evidence import Ours, Published
from lionrank.evaluation import per_query
from lionrank.evaluation.significance import Draws
from lionrank.files import write_json
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.published.study import CLAIMS, Study

given, params = snakemake.input, snakemake.params
grid = Grid.build(**params.grid)
folder = located(snakemake, params.study[0]).parent
published = Published.read(folder, Study.read(folder))
primary = next(iter(published.values()))
read = per_query.read(given.per_query, given.best, grid)
trained = read.replicates[0].trained
ours = Ours(
    per_query=read,
    grid=grid,
    levels=params.levels,
    stand_ins=params.stand_ins,
    logs={name: getattr(given, name)[: len(epochs)] for name, epochs in trained.items()},
    settings=params.settings,
)
decided = claims.decide(
    claim_file.read(folder / CLAIMS, primary),
    published,
    ours,
    Draws(**params.draws),
)
write_json(snakemake.output[0], decided)

end(snakemake)
