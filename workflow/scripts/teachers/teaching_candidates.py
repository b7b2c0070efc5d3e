"""Join what teachers score with its text: the first stage's passages and all relevant ones."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from pathlib import Path

from lionrank import trec
from lionrank.collections.corpus import keep_documents
from lionrank.retrieval.candidates import join_candidates

given, output = snakemake.input, Path(snakemake.output[0])
qrels = keep_documents(trec.read_qrels(given.qrels), given.corpus, output, snakemake.threads)
join_candidates(
    Path(given.run),
    Path(given.topics),
    Path(given.corpus),
    output,
    snakemake.threads,
    {qid: [docid for docid, grade in judged.items() if grade > 0] for qid, judged in qrels.items()},
)

end(snakemake)
