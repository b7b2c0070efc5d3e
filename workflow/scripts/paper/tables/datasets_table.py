"""Write the table of the data that is trained on, chosen by and tested on."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.collections.corpus import open_database
from lionrank.collections.describe import of_topics, of_training, passages_in
from lionrank.config.treatments import PAIRS
from lionrank.jobs.repository import located
from lionrank.paper.tables import datasets

given, output, params = snakemake.input, snakemake.output, snakemake.params
only_pairs = [*params.trained_on] in ([], [PAIRS])
with open_database(output.tex, threads=1) as database:
    corpora = zip(params.collections.items(), given.corpora, strict=True)
    passages = {name: passages_in(database, settings, place) for (name, settings), place in corpora}
    pairs = [
        of_training(
            *(database, path),
            use=use,
            label=collection if only_pairs else f"{collection}: {name}",
            passages=passages[collection],
        )
        for use in ("training", "held_out")
        for path, (name, collection) in zip(given[use], params.trained_on.items(), strict=True)
    ]
    judged = [
        of_topics(
            *(database, topics, qrels, candidates),
            use=each["use"],
            label=each["label"],
            passages=passages[each["collection"]],
        )
        for each, topics, qrels, candidates in zip(
            params.sets, given.topics, given.qrels, given.candidates, strict=True
        )
    ]
found = [each for each in (*pairs, *judged) if each is not None]
made = datasets.table(found, params.first_stages, only_pairs)
made.write(located(snakemake, params.template), output.tex, output.csv)

end(snakemake)
