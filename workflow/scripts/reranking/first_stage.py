from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import parquet, trec

columns = parquet.of_candidates("qid", "docid", "score")
ranking = parquet.read(snakemake.input.candidates, columns).to_pydict()
run = trec.to_run(ranking, ranking["score"])
trec.write_run(snakemake.output[0], run, snakemake.wildcards.first_stage)

end(snakemake)
