"""Render the templates of the paper with the results."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.jobs.repository import located
from lionrank.paper.asked import find_asked
from lionrank.paper.depths import read_depths
from lionrank.paper.facts import make_facts, overlap
from lionrank.paper.findings import find
from lionrank.paper.render import render
from lionrank.paper.replication import Replication
from lionrank.paper.results import read_experiment
from lionrank.paper.scorings import read_scorings, steps, ways
from lionrank.paper.search import Search
from lionrank.paper.studies import read_studies
from lionrank.paper.winning_windows import read_winning
from lionrank.search.choice import with_choices
from lionrank.training.log import SMOOTHING, read_logged

params = snakemake.params
names = ("comparisons", "changes", "efficiency", "provenance", "statistics")
read = {name: read_json(snakemake.input[name]) for name in names}
compared = read.pop("comparisons")
grid, results, chosen = read_experiment(snakemake.input, params)
logs = grid.logs(snakemake.input)
findings = find(results, grid, chosen, compared, read_logged(logs))
folders = [located(snakemake, files[0]).parent for files in params.studies.values()]
given = snakemake.input
studies = read_studies(
    folders,
    given.get("claims", []),
    given.get("published_comparisons", []),
    params.compared,
    findings,
)
# Only where any checkpoint is one of those that were published.
replication = snakemake.input.get("replication")
# Only where a test set has candidates enough.
depths = snakemake.input.get("depths")
# Only where test sets differ in how documents are scored alone.
groups = [
    each
    for path in given.get("scorings", [])
    for each in read_scorings(path, grid, params.test_sets, params.scorings)
]
# Only where settings are searched.
choices = given.get("choices", [])
facts = make_facts(
    findings=findings,
    settings=with_choices(params.settings, choices),
    compared=compared,
    asked=list(find_asked(compared, grid, params.contrasts)),
    studies=studies,
    smoothing=SMOOTHING,
    dev_sets=params.dev_sets,
    overlap=overlap(snakemake.input.get("overlap", []), params.test_sets),
    dropped=params.dropped,
    first_stages=params.first_stages,
    collection=params.collection,
    selection=params.selection,
    training=params.training,
    backbones=params.backbones,
    retrieval=params.retrieval,
    pairs=params.pairs,
    learnt_from=params.learnt_from,
    objectives=params.objectives,
    figures=params.figures,
    ladders=params.ladders,
    paper=params.paper,
    ways=ways(params.scorings, params.test_sets, params.scorings_of_dev_sets),
    scorings=[(each, [*steps(each, compared)]) for each in groups],
    # Only where several windows of a document are scored.
    winning=[each for path in given.get("windows", []) for each in read_winning(path)],
    by_depth=read_depths(depths[0], grid) if depths else [],
    replication=Replication.read(replication[0]) if replication else None,
    search=Search.read(choices, grid, **params.search) if choices else None,
    **read,
)
render(located(snakemake, params.templates[0]).parent, facts).write(snakemake.output.tex)

end(snakemake)
