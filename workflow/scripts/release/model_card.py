"""Make the folder of a checkpoint as it would be on the hub, with its model card."""

from lionrank.jobs.script import begin, end

begin(snakemake)

from pathlib import Path

from lionrank.config.downloads import with_revision
from lionrank.files import read_json
from lionrank.release import hub
from lionrank.search.choice import Choice
from lionrank.training import development

record, facts = read_json(snakemake.input.record), snakemake.params.facts
name = Path(snakemake.input.record).stem
counted = record["rows" if name == "pairs" else "passages"]
hub.write_folder(
    snakemake.input.checkpoint,
    facts
    | {
        "pretrained": with_revision(facts["pretrained"]),
        "data": {
            "name": name,
            "passages": counted["train"],
            "sha256": record["sha256"]["train"],
        },
        "development": development.read(snakemake.input.dev_scores),
        "choice": Choice.read(choice) if (choice := snakemake.input.get("choice")) else None,
    },
    snakemake.output[0],
)

end(snakemake)
