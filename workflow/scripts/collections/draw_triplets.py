from lionrank.jobs.script import begin, end

begin(snakemake)

from lionrank import trec
from lionrank.collections.corpus import keep_documents
from lionrank.collections.triplets import draw_triplets, write_triplets

run, _ = trec.read_run(snakemake.input.run)
qrels = trec.read_qrels(snakemake.input.qrels)
triplets = draw_triplets(
    keep_documents(qrels, snakemake.input.corpus, snakemake.output[0], snakemake.threads),
    run,
    **snakemake.params.drawing,
)
write_triplets(snakemake.output[0], triplets)
print(f"{len(triplets)} triplets")

end(snakemake)
