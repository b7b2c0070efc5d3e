from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.gpus import reserve

params, hardware = snakemake.params, snakemake.config["hardware"]
gpus = reserve(hardware, snakemake.resources.gpu, snakemake.output[0])

from lionrank.cross_encoder.device import prepare
from lionrank.cross_encoder.initialise import locate
from lionrank.teachers import bi_encoder, rankings

folder = params.folder
if folder.startswith("package:"):
    folder = locate(folder, {}, "teachers")
model = bi_encoder.load(params.folder, folder, prepare(snakemake.threads, gpus))
candidates = snakemake.input.candidates
scores = bi_encoder.score(model, candidates, params.scale)
found = rankings.of_candidates(candidates, scores)
rankings.write(snakemake.output[0], found, snakemake.wildcards.teacher)

end(snakemake)
