"""Draw differences of treatments against the parameters of the encoders."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import read_json
from lionrank.grid import Grid
from lionrank.jobs.repository import located
from lionrank.paper.figures.gains import gains_figure
from lionrank.paper.figures.scale import read_parameters
from lionrank.paper.figures.style import save, style
from lionrank.paper.results import Layout
from lionrank.training.development import last_epochs

given, params = snakemake.input, snakemake.params
grid = Grid.build(**params.grid, last=last_epochs(given.best))
layout = Layout.build(params.test_sets, params.columns)
compared, parameters = read_json(given.comparisons), read_parameters(given.parameters)
with style(located(snakemake, params.style)):
    save(gains_figure(compared, layout, parameters, grid, params.ladders), snakemake.output)

end(snakemake)
