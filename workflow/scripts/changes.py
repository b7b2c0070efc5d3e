"""Compare the optimizers topic by topic, and say which passages moved."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from pathlib import Path

    from lionrank import per_query, trec
    from lionrank.changes import changes
    from lionrank.files import write_json
    from lionrank.grid import Grid
    from lionrank.significance import Settings

    params = snakemake.params
    changed = changes(
        per_query=per_query.read([snakemake.input.per_query], snakemake.input.best),
        grid=Grid.build(**params.grid),
        test_set=params.test_set,
        runs={Path(path).stem: path for path in snakemake.input.runs},
        qrels=trec.read_qrels(snakemake.input.qrels),
        topics=trec.read_topics(snakemake.input.topics),
        level=params.level,
        settings=Settings(**params.draws),
    )
    write_json(snakemake.output[0], changed)
