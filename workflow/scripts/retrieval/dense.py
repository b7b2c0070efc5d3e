from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.gpus import reserve

given, output, params = snakemake.input, snakemake.output, snakemake.params
gpus = reserve(snakemake.config["hardware"], snakemake.resources.gpu, output.run)

from lionrank.cross_encoder.device import prepare
from lionrank.retrieval.bi_encoder import load
from lionrank.retrieval.dense import rank

model = load(params.folder, prepare(snakemake.threads, gpus), "first_stages")
first_stage = params.first_stage
rank(model, given.index, given.topics, params.depth, first_stage, output.run, output.record)

end(snakemake)
