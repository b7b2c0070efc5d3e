"""Choose the settings of a training by the scores of its trials."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from dataclasses import asdict

from lionrank.files import write_json
from lionrank.search.choose import choose
from lionrank.search.scores import by_trial

params = snakemake.params
choice = choose(
    model=snakemake.wildcards.model,
    optimizer=snakemake.wildcards.optimizer,
    dev_sets=params.dev_sets,
    budget=params.budget,
    space=params.space,
    points=params.points,
    untuned=params.untuned,
    epochs=by_trial(snakemake.input, params.points),
)
write_json(snakemake.output.choice, asdict(choice))
write_json(snakemake.output.point, choice.best.settings)

end(snakemake)
