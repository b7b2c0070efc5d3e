from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import trec
from lionrank.evaluation import trec_eval as evaluation
from lionrank.evaluation.overlap import evaluated

given, params = snakemake.input, snakemake.params
run, tag = trec.read_run(given.run)
qrels = evaluated(trec.read_qrels(given.qrels), given.overlap, params.test_set)
per_query = evaluation.evaluate(qrels, run, params.level, complete=True)
evaluation.write_text(snakemake.output[0], per_query, tag)

end(snakemake)
