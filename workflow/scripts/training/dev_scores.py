"""Score a checkpoint on development data."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.gpus import reserve

hardware = snakemake.config["hardware"]
gpus = reserve(hardware, snakemake.resources.gpu, snakemake.output[0])

from lionrank.cross_encoder.device import prepare
from lionrank.evaluation.dev_sets import ndcg
from lionrank.files import write_json
from lionrank.training import development
from lionrank.training.log import held_out_loss

device = prepare(snakemake.threads, gpus)
files = zip(
    snakemake.params.dev_sets,
    snakemake.input.candidates,
    snakemake.input.qrels,
    strict=True,
)
scores = {
    name: ndcg(
        snakemake.input.checkpoint,
        candidates,
        qrels,
        snakemake.params.precision,
        hardware,
        device,
    )
    for name, candidates, qrels in files
}
loss = held_out_loss(snakemake.input.log)
epoch = int(snakemake.wildcards.epoch)
write_json(snakemake.output[0], development.scores(epoch, loss, scores))

end(snakemake)
