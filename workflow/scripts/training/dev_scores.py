"""Score a checkpoint on development data."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import write_json
from lionrank.training import checkpoints, development

epoch = int(snakemake.wildcards.epoch)
if ending := checkpoints.ending(snakemake.input.checkpoint):
    found = development.no_scores(epoch, ending)
else:
    # Not at the top: a trial that has ended needs no GPU, and no torch.
    from lionrank.jobs.gpus import reserve

    hardware = snakemake.config["hardware"]
    gpus = reserve(hardware, snakemake.resources.gpu, snakemake.output[0])

    from lionrank.config.scorings import from_param
    from lionrank.cross_encoder.device import prepare
    from lionrank.evaluation.dev_sets import DevSet, scores

    dev_sets = zip(
        snakemake.params.dev_sets,
        snakemake.input.candidates,
        snakemake.input.qrels,
        map(from_param, snakemake.params.scorings),
        strict=True,
    )
    found = scores(
        epoch,
        snakemake.input.checkpoint,
        snakemake.input.log,
        [DevSet(*each) for each in dev_sets],
        snakemake.params.precision,
        hardware,
        prepare(snakemake.threads, gpus),
        trial=snakemake.wildcards.get("trial") is not None,
    )
write_json(snakemake.output[0], found)

end(snakemake)
