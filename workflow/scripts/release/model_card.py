"""Make the folder of a checkpoint as it would be on the hub, with its model card."""

from lionrank.jobs.log import begin

begin(snakemake)

import json
from pathlib import Path

from lionrank.release import hub_folder
from lionrank.training import development

record = json.loads(Path(snakemake.input.record).read_text(encoding="utf-8"))
hub_folder.write(
    snakemake.input.checkpoint,
    snakemake.params.facts
    | {
        "data": {"pairs": record["rows"]["train"], "sha256": record["sha256"]["train"]},
        "development": development.read(snakemake.input.dev_scores),
    },
    snakemake.output[0],
)
