"""Draw the difference of two optimizers on every topic."""

from lionrank.jobs.log import begin

begin(snakemake)

import json
from pathlib import Path

from lionrank.grid import Grid
from lionrank.paper.figures.changes import changes_figure
from lionrank.paper.figures.style import save, style

changed = json.loads(Path(snakemake.input.changes).read_text(encoding="utf-8"))
grid = Grid.build(**snakemake.params.grid)
with style(snakemake.input.style):
    save(changes_figure(changed, grid), snakemake.output)
