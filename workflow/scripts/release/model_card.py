"""Make the folder of a checkpoint as it would be on the hub, with its model card."""

from lionrank.jobs.log import begin

begin(snakemake)

from lionrank.files import read_json
from lionrank.release import hub
from lionrank.training import development

record = read_json(snakemake.input.record)
hub.write_folder(
    snakemake.input.checkpoint,
    snakemake.params.facts
    | {
        "data": {"pairs": record["rows"]["train"], "sha256": record["sha256"]["train"]},
        "development": development.read(snakemake.input.dev_scores),
    },
    snakemake.output[0],
)
