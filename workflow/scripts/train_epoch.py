"""Train one epoch, in as many processes as the job has GPUs."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank.launch import train

    config = snakemake.config
    train(
        gpus=snakemake.resources.gpu,
        threads=snakemake.threads,
        previous=snakemake.input.previous,
        pairs=snakemake.input.pairs,
        held_out=snakemake.input.held_out,
        dev_scores=list(snakemake.input.get("dev_scores", [])),
        settings=snakemake.params.settings,
        epoch=int(snakemake.wildcards.epoch),
        code=snakemake.params.code,
        # No params of the rule: they change no result, so they are no reason to train again.
        hardware=config["hardware"],
        batch_size=config["reranking"]["batch_size"],
        tracking=config["tracking"],
        checkpoint=snakemake.output.checkpoint,
        log=snakemake.output.log,
    )
