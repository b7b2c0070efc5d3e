"""Train one epoch, in as many processes as the job has GPUs."""

from lionrank.jobs.script import begin, end

begin(snakemake)

import time

from lionrank.jobs.gpus import reserve

config = snakemake.config
gpus = reserve(config["hardware"], snakemake.resources.gpu, snakemake.output.checkpoint)
# From here on it occupies its devices, while torch is imported too.
begun = time.time()

from lionrank.config.settings import epoch_settings, with_point
from lionrank.files import read_json
from lionrank.training.launch import train

trial = snakemake.wildcards.get("trial")
settings = snakemake.params.settings
if point := snakemake.input.get("point"):
    settings = epoch_settings(with_point(settings, read_json(point)))
stopped = False
if stop := snakemake.input.get("stop"):
    decided = read_json(stop)
    stopped = trial not in decided["going_on"] if trial else decided["stopped_after"] is not None
train(
    gpus=gpus,
    begun=begun,
    threads=snakemake.threads,
    previous=snakemake.input.previous,
    pairs=snakemake.input.pairs,
    held_out=snakemake.input.held_out,
    stopped=stopped,
    trial=trial is not None,
    settings=settings,
    epoch=int(snakemake.wildcards.epoch),
    code=snakemake.params.code,
    # No params of the rule: they change no result, so they are no reason to train again.
    epochs=config["search" if trial else "grid"]["epochs"],
    hardware=config["hardware"],
    tracking=config["tracking"],
    checkpoint=snakemake.output.checkpoint,
    log=snakemake.output.log,
)

end(snakemake)
