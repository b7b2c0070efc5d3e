from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.gpus import reserve

hardware = snakemake.config["hardware"]
gpus = reserve(hardware, snakemake.resources.gpu, snakemake.output[0])

from lionrank.cross_encoder.device import prepare
from lionrank.reranking.score import score
from lionrank.teachers import rankings

given = snakemake.input
device = prepare(snakemake.threads, gpus)
scored = score(given.checkpoint, given.candidates, snakemake.params.precision, hardware, device)
found = rankings.of_candidates(given.candidates, scored.scores.tolist())
rankings.write(snakemake.output[0], found, snakemake.wildcards.teacher)

end(snakemake, scored.lengths.record())
