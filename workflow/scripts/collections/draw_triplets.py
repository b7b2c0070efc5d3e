"""Draw training triplets from judgements and BM25's rankings of the training topics."""

from lionrank.jobs.script import announce, begin, end

begin(snakemake)

from lionrank import trec
from lionrank.collections.corpus import keep_documents
from lionrank.collections.examples import Drawing, draw
from lionrank.collections.triplets import write_triplets

given, output = snakemake.input, snakemake.output[0]
drawing = Drawing(**snakemake.params.drawing)
qrels = keep_documents(trec.read_qrels(given.qrels), given.corpus, output, snakemake.threads)
drawn = draw(qrels, trec.rankings(given.ranking), drawing)
write_triplets(
    output, [(qid, *(docid for docid, *_ in passages)) for qid, passages in drawn.examples]
)
summary = f"training_pairs: {drawn.summary(drawing.examples)}"
if len(drawn.examples) < drawing.examples:
    announce(summary)
else:
    print(summary)

end(snakemake)
