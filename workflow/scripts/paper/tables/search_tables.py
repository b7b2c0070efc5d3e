"""Write the tables of the search for settings: spaces, choices, and all trials."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.search import Search
from lionrank.paper.tables import search

output, params = snakemake.output, snakemake.params
found = Search.read(snakemake.input.choices, Grid.build(**params.grid), **params.search)
tables = {
    "search": search.choices(found),
    "search_spaces": search.spaces(found),
    "search_trials": search.trials(found),
}
for (name, table), template in zip(tables.items(), params.templates, strict=True):
    table.write(located(snakemake, template), output[name], output[f"{name}_csv"])

end(snakemake)
