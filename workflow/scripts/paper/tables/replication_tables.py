"""Write the tables of published checkpoints beside the values that were published of them."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.jobs.repository import located
from lionrank.paper.replication import Replication
from lionrank.paper.tables import replication as tables

output, params = snakemake.output, snakemake.params
replication = Replication.read(snakemake.input[0])
tables.table(replication).write(
    located(snakemake, params.template), output.closest, output.closest_csv
)
tables.distances(replication).write(
    located(snakemake, params.rows_template), output.rows, output.rows_csv
)
tables.variants(replication).write(
    located(snakemake, params.variants_template), output.variants, output.variants_csv
)

end(snakemake)
