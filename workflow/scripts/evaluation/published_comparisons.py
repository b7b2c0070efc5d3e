"""Test the differences between the published checkpoints on their published per-query values."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import parquet
from lionrank.evaluation import per_query, published
from lionrank.evaluation.significance import Draws
from lionrank.files import write_json
from lionrank.jobs.repository import located
from lionrank.published.per_query import read
from lionrank.published.study import Study

output, params = snakemake.output, snakemake.params
topics = read(located(snakemake, params.values))
study = Study.read(located(snakemake, params.study[0]).parent)
parquet.write(output.per_query, published.table(topics, study))
found = per_query.read(output.per_query)
write_json(output.comparisons, published.compare(topics, found, study, Draws(**params.draws)))

end(snakemake)
