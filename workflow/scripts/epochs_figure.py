"""Draw the primary measure over the epochs."""

from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank import development
    from lionrank.epochs_figure import epochs_figure
    from lionrank.figures import save, style
    from lionrank.grid import Grid
    from lionrank.results import Layout, read_results

    grid = Grid.build(**snakemake.params.grid)
    layout = Layout.build(snakemake.params.test_sets, snakemake.params.columns)
    results = read_results(snakemake.input.metrics, layout, grid)
    chosen = development.chosen(snakemake.input.best)
    with style(snakemake.input.style):
        save(epochs_figure(results, grid, chosen), snakemake.output)
