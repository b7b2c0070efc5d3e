"""Draw training triplets of pydocs, none of which has a passage of a dev or test topic."""

from lionrank.jobs.script import announce, begin, end

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
asked = snakemake.params.drawing["triplets"]
if len(triplets) < asked:
    announce(f"training_pairs: {len(triplets)} triplets, and {asked} asked for")
else:
    print(f"{len(triplets)} triplets")

end(snakemake)
