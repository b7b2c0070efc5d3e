from lionrank.jobs.script import begin, end

begin(snakemake)

from pathlib import Path

from lionrank.collections.join import join_pairs

join_pairs(
    Path(snakemake.input.triplets),
    Path(snakemake.input.topics),
    Path(snakemake.input.corpus),
    remove_query=snakemake.params.remove_query,
    held_out=snakemake.params.held_out["pairs"],
    held_out_by=snakemake.params.held_out["by"],
    seed=snakemake.params.held_out["seed"],
    data=Path(snakemake.output.pairs),
    held_out_data=Path(snakemake.output.held_out),
    record=Path(snakemake.output.record),
    threads=snakemake.threads,
)
print(Path(snakemake.output.record).read_text(encoding="utf-8"))

end(snakemake)
