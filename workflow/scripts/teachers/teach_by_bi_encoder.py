from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.gpus import reserve

params, hardware = snakemake.params, snakemake.config["hardware"]
gpus = reserve(hardware, snakemake.resources.gpu, snakemake.output[0])

from lionrank.cross_encoder.device import prepare
from lionrank.retrieval.bi_encoder import load
from lionrank.teachers import bi_encoder, rankings

model = load(params.folder, prepare(snakemake.threads, gpus), "teachers")
candidates = snakemake.input.candidates
scores = bi_encoder.score(model, candidates, params.scale)
found = rankings.of_candidates(candidates, scores)
rankings.write(snakemake.output[0], found, snakemake.wildcards.teacher)

end(snakemake)
