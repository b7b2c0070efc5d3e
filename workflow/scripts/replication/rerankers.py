"""Write what public rerankers reach here beside what was published of them."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank.files import atomic_write
from lionrank.jobs.repository import located
from lionrank.published import rerankers as published
from lionrank.replication.rerankers import read_means, to_text

systems, metrics = snakemake.params.systems, snakemake.input.metrics
values = published.read(located(snakemake, snakemake.params.published))
with atomic_write(snakemake.output[0]) as handle:
    handle.write(to_text(systems, read_means(metrics, systems), values, metrics))

end(snakemake)
