"""Write what BM25 reaches here beside what was published of it."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import trec
from lionrank.files import atomic_write
from lionrank.jobs.repository import located
from lionrank.published import first_stages as published
from lionrank.replication.first_stages import compare, to_text

given, params = snakemake.input, snakemake.params
values = published.read(located(snakemake, params.published))
names = [name for name in params.test_sets if name in values]
compared = [
    compare(name, values[name], trec.read_qrels(qrels), trec.read_run(run)[0])
    for name, qrels, run in zip(names, given.qrels, given.runs, strict=True)
]
without = [name for name in params.test_sets if name not in values]
with atomic_write(snakemake.output[0]) as handle:
    handle.write(to_text(compared, without))

end(snakemake)
