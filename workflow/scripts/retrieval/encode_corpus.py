from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs import records
from lionrank.jobs.gpus import reserve

params, index = snakemake.params, snakemake.output[0]
gpus = reserve(snakemake.config["hardware"], snakemake.resources.gpu, index)

from lionrank.cross_encoder.device import prepare
from lionrank.retrieval.bi_encoder import load
from lionrank.retrieval.dense import encode_corpus

model = load(params.folder, prepare(snakemake.threads, gpus), "first_stages")
made_from = records.taken(snakemake.input) | dict(params.items())
encode_corpus(model, snakemake.input.corpus, index, snakemake.threads, made_from)

end(snakemake)
