"""Decide the claims of a published study."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.claims import decide as claims
from lionrank.claims import file as claim_file
from lionrank.claims.evidence import Data, Ours, Published
from lionrank.evaluation import per_query
from lionrank.evaluation.significance import Draws
from lionrank.files import read_json, write_json
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.published.study import CLAIMS, Study
from lionrank.search.choice import with_choices
from lionrank.training import development

given, params = snakemake.input, snakemake.params
grid = Grid.build(**params.grid)
folder = located(snakemake, params.study[0]).parent
published = Published.read(folder, Study.read(folder))
primary = next(iter(published.values()))
trained = Grid.build(**params.grid, last=development.last_epochs(given.best))
ours = Ours(
    per_query=per_query.read(given.per_query, given.best, grid, params.averages),
    grid=grid,
    levels=params.levels,
    stand_ins=params.stand_ins,
    logs=trained.logs(given),
    settings=with_choices(params.settings, given.choices),
    encoders={
        name: size["encoder"] for path in given.parameters for name, size in read_json(path).items()
    },
    data={name: Data.read(path) for name, path in params.learnt.items() if path in given.data},
    shared={
        name: (found["topics"], len(found["shared"]))
        for path in given.overlap
        for name, found in read_json(path).items()
    },
    are_left_out=params.dropped,
    recipes=primary.study.recipes,
    scorings=params.scorings,
)
decided = claims.decide(
    claim_file.read(folder / CLAIMS, primary),
    published,
    ours,
    Draws(**params.draws),
)
write_json(snakemake.output[0], decided)

end(snakemake)
