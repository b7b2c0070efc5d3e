from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import trec
from lionrank.grid import FIRST_STAGE
from lionrank.retrieval import record
from lionrank.retrieval.bm25 import bm25

topics = trec.read_topics(snakemake.input.topics)
run = bm25(
    snakemake.input.index,
    topics,
    snakemake.params.depth,
    **snakemake.params.bm25,
    threads=snakemake.threads,
)
trec.write_run(snakemake.output.run, run, FIRST_STAGE)
lines = {qid: len(ranking) for qid, ranking in run.items()}
record.write(snakemake.output.record, topics, lines)

end(snakemake)
