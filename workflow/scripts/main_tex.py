"""Render the templates of the paper with the results."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    import json
    from pathlib import Path

    from lionrank.figures import SMOOTHING, final_losses
    from lionrank.files import atomic_write
    from lionrank.paper import find, make_facts, render
    from lionrank.tables import Grid, read_results

    params = snakemake.params
    grid = Grid.build(**params.grid)
    results = read_results(snakemake.input.metrics, params.test_set, grid)
    logs = {f"{m.name}_{o}": snakemake.input[f"{m.name}_{o}"] for m, o in grid.trainings()}
    facts = make_facts(
        findings=find(results, grid, final_losses(logs)),
        settings=params.settings,
        provenance=json.loads(Path(snakemake.input.provenance).read_text(encoding="utf-8")),
        statistics=json.loads(Path(snakemake.input.statistics).read_text(encoding="utf-8")),
        smoothing=SMOOTHING,
        label=params.label,
        collection=params.collection,
        selection=params.selection,
        training=params.training,
        backbones=params.backbones,
        retrieval=params.retrieval,
        pairs=params.pairs,
        relevance_level=params.relevance_level,
        paper=params.paper,
    )
    with atomic_write(snakemake.output[0]) as handle:
        handle.write(render(Path(snakemake.input.templates[0]).parent, facts))
