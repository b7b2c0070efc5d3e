"""Decide by the scores of a search's trials which of them go on to an epoch."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import write_json
from lionrank.search.halving import going_on
from lionrank.search.scores import by_trial, means

params = snakemake.params
scores = means(by_trial(snakemake.input, params.trials))
write_json(snakemake.output[0], {"going_on": going_on(scores, params.keep)})

end(snakemake)
