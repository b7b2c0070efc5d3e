"""Train one epoch, in as many processes as the job has GPUs."""

from lionrank.jobs.script import begin, end

begin(snakemake)

import time

from lionrank.jobs.gpus import reserve

config = snakemake.config
gpus = reserve(config["hardware"], snakemake.resources.gpu, snakemake.output.checkpoint)
# From here on it occupies its devices, while torch is imported too.
begun = time.time()

from lionrank.training.launch import train

train(
    gpus=gpus,
    begun=begun,
    threads=snakemake.threads,
    previous=snakemake.input.previous,
    pairs=snakemake.input.pairs,
    held_out=snakemake.input.held_out,
    stop=snakemake.input.get("stop") or None,
    trial=snakemake.wildcards.get("trial") is not None,
    settings=snakemake.params.settings,
    epoch=int(snakemake.wildcards.epoch),
    code=snakemake.params.code,
    # No params of the rule: they change no result, so they are no reason to train again.
    epochs=config["grid"]["epochs"],
    hardware=config["hardware"],
    tracking=config["tracking"],
    checkpoint=snakemake.output.checkpoint,
    log=snakemake.output.log,
)

end(snakemake)
