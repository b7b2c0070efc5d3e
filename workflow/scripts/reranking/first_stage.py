from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import parquet, trec
from lionrank.grid import FIRST_STAGE

columns = parquet.of_candidates("qid", "docid", "score")
ranking = parquet.read(snakemake.input.candidates, columns).to_pandas()
trec.write_run(snakemake.output[0], trec.to_run(ranking, ranking["score"]), FIRST_STAGE)

end(snakemake)
