from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import trec
from lionrank.grid import FIRST_STAGE
from lionrank.retrieval.bm25 import bm25

run = bm25(
    snakemake.input.index,
    trec.read_topics(snakemake.input.topics),
    snakemake.params.depth,
    **snakemake.params.bm25,
    threads=snakemake.threads,
)
trec.write_run(snakemake.output[0], run, FIRST_STAGE)

end(snakemake)
