from lionrank.jobs.log import begin

begin(snakemake)

from lionrank import trec
from lionrank.collections.corpus import keep_documents
from lionrank.collections.pairs import draw_triplets, write_triplets

run, _ = trec.read_run(snakemake.input.run)
qrels = trec.read_qrels(snakemake.input.qrels)
triplets = draw_triplets(
    keep_documents(qrels, snakemake.input.corpus, snakemake.output[0], snakemake.threads),
    run,
    triplets=snakemake.params.triplets,
    random_negatives=snakemake.params.random_negatives,
    hardest_rank=snakemake.params.hardest_rank,
    negative_depth=snakemake.params.negative_depth,
    seed=snakemake.params.seed,
)
write_triplets(snakemake.output[0], triplets)
print(f"{len(triplets)} triplets")
