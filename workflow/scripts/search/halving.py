"""Decide by the scores of all trials whether one of them goes on."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import write_json
from lionrank.search.halving import stopped_after
from lionrank.search.scores import by_trial, means

params = snakemake.params
scores = means(by_trial(snakemake.input, params.trials))
last = stopped_after(scores, snakemake.wildcards.trial, params.keep)
write_json(snakemake.output[0], {"stopped_after": last})

end(snakemake)
