"""Read the topics and qrels of an evaluation track strictly, and write them as the others are."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import trec
from lionrank.files import only_file

topics_file = only_file(snakemake.input.topics)
qrels_file = only_file(snakemake.input.qrels)
topics, qrels = trec.read_topics(topics_file), trec.read_qrels(qrels_file)
if snakemake.params.remove_query:
    trec.say_removed(str(qrels_file), trec.remove_queries(qrels))
trec.check_shared(topics, str(topics_file), qrels, str(qrels_file))
trec.check_judged(qrels, str(qrels_file), snakemake.params.levels)
trec.write_topics(snakemake.output.topics, topics)
trec.write_qrels(snakemake.output.qrels, qrels)

end(snakemake)
