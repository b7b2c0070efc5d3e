from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank.gpu_locks import reserve

    hardware = snakemake.config["hardware"]
    gpus = reserve(hardware, snakemake.resources.gpu, snakemake.output[0])

    import pandas as pd

    from lionrank import trec
    from lionrank.device import prepare
    from lionrank.reranking import score

    logits = score(
        snakemake.input.checkpoint,
        snakemake.input.candidates,
        snakemake.params.batch_size,
        snakemake.params.precision,
        prepare(snakemake.threads, gpus),
    )
    candidates = pd.read_parquet(snakemake.input.candidates, columns=["qid", "docid"])
    trec.write_run(snakemake.output[0], trec.to_run(candidates, logits), snakemake.params.tag)
