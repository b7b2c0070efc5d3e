from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import trec
from lionrank.files import only_file

qrels = trec.read_qrels(only_file(snakemake.input[0]))
if snakemake.params.remove_query:
    trec.say_removed(snakemake.input[0], trec.remove_queries(qrels))
trec.check_judged(qrels, snakemake.input[0])
trec.write_qrels(snakemake.output[0], qrels)
print(f"{len(qrels)} topics")

end(snakemake)
