"""Render the templates of the paper with the results."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    import json
    from pathlib import Path

    from lionrank import development
    from lionrank.figures import SMOOTHING, final_losses
    from lionrank.files import atomic_write
    from lionrank.findings import find
    from lionrank.grid import Grid
    from lionrank.paper import make_facts, render
    from lionrank.results import Layout, read_results

    params = snakemake.params
    names = ("comparisons", "claims", "changes", "provenance", "statistics")
    read = {
        name: json.loads(Path(snakemake.input[name]).read_text(encoding="utf-8")) for name in names
    }
    compared = read.pop("comparisons")
    grid = Grid.build(**params.grid)
    results = read_results(
        snakemake.input.metrics, Layout.build(params.test_sets, params.columns), grid
    )
    logs = {f"{m.name}_{o}": snakemake.input[f"{m.name}_{o}"] for m, o in grid.trainings()}
    chosen = development.chosen(snakemake.input.best)
    facts = make_facts(
        findings=find(results, grid, chosen, compared, final_losses(logs)),
        settings=params.settings,
        compared=compared,
        smoothing=SMOOTHING,
        dev_sets=params.dev_sets,
        collection=params.collection,
        selection=params.selection,
        training=params.training,
        backbones=params.backbones,
        retrieval=params.retrieval,
        pairs=params.pairs,
        paper=params.paper,
        **read,
    )
    with atomic_write(snakemake.output[0]) as handle:
        handle.write(render(Path(snakemake.input.templates[0]).parent, facts))
