"""Import training examples that others made."""

from lionrank.jobs.script import announce, begin, end

begin(snakemake)

from lionrank.collections.imports import import_examples, summary
from lionrank.files import write_json

settings, output = snakemake.params.settings, snakemake.output
asked = settings["examples"]
counts = import_examples(
    settings["format"],
    snakemake.input[0],
    asked,
    settings["passages"],
    output.ids,
    snakemake.threads,
    settings["remove_query"],
)
write_json(output.counts, counts)
told = f"{snakemake.wildcards.data}: {summary(counts, asked)}"
if counts["examples"] < asked or counts["cut"]:
    announce(told)
else:
    print(told)

end(snakemake)
