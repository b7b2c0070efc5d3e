from lionrank.jobs.script import begin, end

begin(snakemake)

import pyarrow as pa

from lionrank import parquet, trec
from lionrank.config.scorings import Scoring
from lionrank.reranking import windows

columns = windows.read(snakemake.input[0])
found = windows.scores(columns, Scoring(**snakemake.params.scoring))
ids = parquet.read(snakemake.input[0], parquet.of_windows("qid", "docid"))
documents = ids.filter(pa.array((columns["window"] == 0).numpy())).to_pydict()
run = trec.to_run(documents, found.scores.tolist())
trec.write_run(snakemake.output[0], run, snakemake.params.tag)
print(found.lengths.told())

end(snakemake, found.lengths.record())
