from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import trec
from lionrank.evaluation import trec_eval as evaluation

run, tag = trec.read_run(snakemake.input.run)
qrels = trec.read_qrels(snakemake.input.qrels)
per_query = evaluation.evaluate(qrels, run, snakemake.params.level, complete=True)
evaluation.write_text(snakemake.output[0], per_query, tag)

end(snakemake)
