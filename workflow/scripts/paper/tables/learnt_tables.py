"""Write the tables of what was learnt from, what was reached by it, and how that was compared."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.collections.corpus import open_database
from lionrank.collections.describe import examples_of
from lionrank.files import read_json
from lionrank.jobs.repository import located
from lionrank.paper.learnt import Learnt
from lionrank.paper.results import read_experiment
from lionrank.paper.tables import comparisons, learnt

given, output, params = snakemake.input, snakemake.output, snakemake.params
grid, results, chosen = read_experiment(given, params)
counts = dict(zip(params.counted, map(read_json, given.counts), strict=True))
origins = params.learnt_from.items()
with open_database(output.data, threads=1) as database:
    found = [
        Learnt.of(name, origin, examples_of(database, path), counts.get(name, {}))
        for (name, origin), path in zip(origins, given.data, strict=True)
    ]
costs = read_json(given.efficiency)["trainings"]
compared = read_json(given.comparisons)
primary = next(iter(params.test_sets))
tables = {
    "data": learnt.data(found),
    "lessons": learnt.reached(results, grid, chosen, params.labels, costs),
    "comparisons_lessons": comparisons.lessons(compared, primary, grid),
}
for (name, table), template in zip(tables.items(), params.templates, strict=True):
    table.write(located(snakemake, template), output[name], output[f"{name}_csv"])

end(snakemake)
