"""What an experiment downloads, and what was recorded of it.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from lionrank.config import experiment
from lionrank.config.downloads import FOLDER, check_agreement, place_of, read_record
from lionrank.config.plan_part import PlanPart
from lionrank.config.sources import Source
from lionrank.errors import UserError


class DownloadsPlan(PlanPart):
    """The sources of an experiment."""

    @cached_property
    def needed(self) -> list[str]:
        """The names of the sources that the experiment downloads."""
        return experiment.needed_sources(self.config)

    def of(self, name: str) -> str:
        """What the download of a source hangs on: which files of which repository its row names.

        The rest of the row may become what was recorded, as `snakemake pin` makes it: that is the
        same download. What is something else is refused here, before anything is removed.

        Raises:
            UserError: the row is not what was recorded, or the record is damaged or gone.
        """
        source, place = self.plan.sources[name], place_of(name)
        record = read_record(place)
        if record is not None:
            check_agreement(source, record, place)
        elif (folder := Path(FOLDER, name)).exists():
            raise UserError(
                f"{folder} was downloaded, and its record {place} is gone: restore it, or delete "
                f"{folder} to download and record it again."
            )
        return " ".join([source.kind, source.id, *source.files])

    def to_pin(self) -> tuple[Path, Mapping[str, Source], list[str], list[str]]:
        """The table, its rows, those that are downloaded, and those that are local copies."""
        return (
            self.plan.table,
            self.plan.sources,
            self.needed,
            [*self.config["sources"]["local"]],
        )

    def pinned(self) -> dict[str, bool]:
        """Whether the table pins each source that the experiment downloads."""
        return {name: self.plan.sources[name].pinned for name in self.needed}

    def recorded(self) -> dict[str, str | None]:
        """The commits of the downloads that were recorded, None of a copy of an unknown one."""
        records = {name: read_record(place_of(name)) for name in self.needed}
        return {name: each.revision for name, each in records.items() if each is not None}

    def catalogued(self) -> dict[str, list[str]]:
        """Identifiers in the catalogue ir_datasets, which downloads them itself, by collection."""
        used = {each["collection"] for each in experiment.judged_topics(self.config)}
        used.update(self.plan.trained_on)
        return {
            name: list(entry["ids"].values())
            for name, entry in self.config["collections"].items()
            if entry["format"] == "ir_datasets" and name in used
        }
