"""Draw training examples from judgements and a ranking of the training topics."""

from lionrank.jobs.script import announce, begin, end

begin(snakemake)

from lionrank import trec
from lionrank.collections import rankings
from lionrank.collections.corpus import keep_documents
from lionrank.collections.examples import Drawing, draw, relevant_documents, write_ids
from lionrank.files import write_json

given, drawing = snakemake.input, Drawing(**snakemake.params.drawing)
excluded = relevant_documents(given.excluded)
qrels = keep_documents(
    trec.read_qrels(given.qrels), given.corpus, snakemake.output.ids, snakemake.threads
)
drawn = draw(qrels, rankings.read(given.ranking), drawing, excluded)
write_ids(snakemake.output.ids, drawn.examples)
write_json(snakemake.output.counts, drawn.counts)
summary = f"{snakemake.wildcards.data}: {drawn.summary(drawing.examples)}"
if len(drawn.examples) < drawing.examples:
    announce(summary)
else:
    print(summary)

end(snakemake)
