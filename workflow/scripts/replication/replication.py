"""Put the checkpoints that others published beside the values that they published of them."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from pathlib import Path

from lionrank import trec
from lionrank.files import write_json
from lionrank.jobs.repository import located
from lionrank.published.scores import read_scores, rounded
from lionrank.published.study import TABLE, Study
from lionrank.replication.replicate import RerankedSet, replicate

given, params = snakemake.input, snakemake.params
folder = located(snakemake, params.study[0]).parent
study = Study.read(folder)
published = read_scores(folder / TABLE, study)
first_stages = iter(given.first_stages)
test_sets = [
    RerankedSet(
        name, trec.read_qrels(qrels), trec.read_run(next(first_stages))[0] if ranked else None
    )
    for qrels, (name, ranked) in zip(given.qrels, params.test_sets.items(), strict=True)
]
# Two run files follow each other, of one system on one test set.
runs = iter(map(Path, given.runs))
passes = {
    (system, name): (next(runs), next(runs))
    for system in params.systems
    for name in params.test_sets
}
found = replicate(
    params.systems,
    passes,
    test_sets,
    {name: rounded(scores) for name, scores in published.items()},
    study,
    params.depth,
)
write_json(snakemake.output[0], found)

end(snakemake)
