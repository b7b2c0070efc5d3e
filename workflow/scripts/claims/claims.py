"""Decide the claims of the published paper."""

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
from lionrank.published.scores import AS_PRINTED

given, params = snakemake.input, snakemake.params
grid = Grid.build(**params.grid)
published = Published.read(
    located(snakemake, params.table1),
    located(snakemake, params.trec_eval),
    located(snakemake, params.table2),
    located(snakemake, params.published_settings),
)
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
    claim_file.read(located(snakemake, params.claims), published[AS_PRINTED]),
    published,
    ours,
    Draws(**params.draws),
)
write_json(snakemake.output[0], decided)

end(snakemake)
