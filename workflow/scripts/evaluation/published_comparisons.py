"""Test the differences between the published checkpoints on their published per-query values."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import parquet
from lionrank.evaluation import per_query, published
from lionrank.evaluation.significance import Draws
from lionrank.files import write_json
from lionrank.jobs.repository import located
from lionrank.published.per_query import read

output, params = snakemake.output, snakemake.params
topics = read(located(snakemake, params.values))
parquet.write(output.per_query, published.table(topics))
compared = published.compare(topics, per_query.read(output.per_query), Draws(**params.draws))
write_json(output.comparisons, compared)

end(snakemake)
