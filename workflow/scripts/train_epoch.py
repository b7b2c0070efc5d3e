from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank.device import prepare
    from lionrank.training import train_epoch

    train_epoch(
        previous=snakemake.input.previous,
        pairs=snakemake.input.pairs[0],
        settings=snakemake.params.settings,
        epoch=int(snakemake.wildcards.epoch),
        device=prepare(snakemake.threads, snakemake.resources.gpu),
        checkpoint=snakemake.output.checkpoint,
        log=snakemake.output.log,
    )
