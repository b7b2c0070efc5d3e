from lionrank.jobs import job_log

with job_log(snakemake.log[0]):
    from lionrank import trec
    from lionrank.files import write_parquet
    from lionrank.pairs import draw_triplets, join_pairs

    run, _ = trec.read_run(snakemake.input.run)
    triplets = draw_triplets(
        trec.read_qrels(snakemake.input.qrels),
        run,
        triplets=snakemake.params.triplets,
        random_negatives=snakemake.params.random_negatives,
        hardest_rank=snakemake.params.hardest_rank,
        negative_depth=snakemake.params.negative_depth,
        seed=snakemake.params.seed,
    )
    pairs = join_pairs(triplets, trec.read_topics(snakemake.input.topics), snakemake.input.corpus)
    write_parquet(snakemake.output[0], pairs)
    print(f"{len(pairs)} pairs of {len(triplets)} topics")
