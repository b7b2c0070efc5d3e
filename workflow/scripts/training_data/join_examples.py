"""Join training examples with their text, and hold some out."""

from lionrank.jobs.script import announce, begin, end

begin(snakemake)

from pathlib import Path

from lionrank.collections.join import join_examples
from lionrank.files import read_json

given, output, held_out = snakemake.input, snakemake.output, snakemake.params.held_out
join_examples(
    Path(given.ids),
    Path(given.topics),
    Path(given.corpus),
    needs_relevant=snakemake.params.needs_relevant,
    held_out=held_out["passages"],
    held_out_by=held_out["by"],
    seed=held_out["seed"],
    data=Path(output.data),
    held_out_data=Path(output.held_out),
    record=Path(output.record),
    threads=snakemake.threads,
)
print(Path(output.record).read_text(encoding="utf-8"))
if skipped := read_json(output.record)["skipped"]:
    announce(
        f"{snakemake.wildcards.data}: {skipped} examples were skipped, as they have no relevant "
        "passage, or no other one"
    )

end(snakemake)
