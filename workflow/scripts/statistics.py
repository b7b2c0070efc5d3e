from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from pathlib import Path

    from lionrank.files import write_json
    from lionrank.statistics import describe

    names = snakemake.params.names
    write_json(
        snakemake.output[0],
        describe(
            Path(snakemake.input.corpus),
            dict(zip(names, map(Path, snakemake.input.topics), strict=True)),
            dict(zip(names, map(Path, snakemake.input.qrels), strict=True)),
            snakemake.threads,
        ),
    )
