from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.gpus import reserve

given, output, params = snakemake.input, snakemake.output, snakemake.params
gpus = reserve(snakemake.config["hardware"], snakemake.resources.gpu, output.run)

from lionrank.cross_encoder.device import prepare
from lionrank.retrieval.bi_encoder import load
from lionrank.retrieval.dense import rank

model = load(params.folder, prepare(snakemake.threads, gpus), "first_stages")
rank(
    model,
    given.index,
    given.topics,
    params.depth,
    params.first_stage,
    output.run,
    output.record,
    remove_query=params.remove_query,
)

end(snakemake)
