"""Average what the chosen epochs find on test sets that differ in how documents are scored."""

from lionrank.jobs.script import announce, begin, end

begin(snakemake)

from pathlib import Path

from lionrank.evaluation import per_query, scorings
from lionrank.files import atomic_write
from lionrank.grid import Grid
from lionrank.jobs import records
from lionrank.measures import Measure

given, params = snakemake.input, snakemake.params
paths = {(test_set, Path(path).stem): path for test_set, own in params.runs.items() for path in own}


def counted(measure, run_file):
    return (records.read(paths[measure.test_set, run_file]) or {}).get("counted", {})


table = scorings.by_scoring(
    per_query.read(given.per_query, given.best, Grid.build(**params.grid)),
    Grid.build(**params.grid),
    [Measure(**measure) for measure in params.measures],
    counted,
)
if untold := sorted({*table["system"][table["read"].isna()]}):
    announce(
        f"{', '.join(untold)}: how many tokens were read is not known of run files that an earlier "
        "version made; delete them and run again to know it"
    )
with atomic_write(snakemake.output[0]) as handle:
    table.to_csv(handle, index=False)

end(snakemake)
