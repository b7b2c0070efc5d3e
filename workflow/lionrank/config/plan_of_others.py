"""Checkpoints and run files of others: where they lie, and what is made of them.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from functools import cached_property
from pathlib import Path
from typing import Any

from lionrank.config import experiment, teachers
from lionrank.config.plan_part import PlanPart
from lionrank.errors import UserError

MADE = ("sources", "checkpoints", "hub")
"""Folders of an experiment in which rules make those of checkpoints."""


class OtherSystemsPlan(PlanPart):
    """The systems that others made, and the teachers that are checkpoints of others."""

    @cached_property
    def checkpoints(self) -> dict[str, dict[str, Any]]:
        """The entries of the config's systems and teachers that are checkpoints of others."""
        named = self.config["teachers"].items()
        return {
            **{name: self.config["systems"][name] for name in self.defined("checkpoint")},
            **{name: entry for name, entry in named if teachers.is_imported(self.config, name)},
        }

    def defined(self, kind: str) -> list[str]:
        """The names of all systems of others in the config with this key, of which grid has some.

        `kind` is checkpoint or run_files.
        """
        return [name for name, entry in self.config["systems"].items() if kind in entry]

    def folder(self, name: str) -> str:
        """Where a checkpoint of others lies: a download, or a folder of the user's."""
        entry = self.checkpoints[name]
        source = experiment.checkpoint_source(entry)
        return entry["checkpoint"] if source is None else f"sources/{source}"

    def files(self, name: str) -> str | list[str]:
        """What a checkpoint of others is imported from, as `files_in` its folder."""
        return self.files_in(self.folder(name))

    def files_in(self, path: str) -> str | list[str]:
        """What a job that reads a folder hangs on: the folder, or the files of a user's.

        Snakemake looks at the date of a folder, and not at those of its files. What rules made,
        here or in another experiment, is a folder that they date.
        """
        folder = Path(path)
        directory = folder.parent.parent
        has_rules = directory == Path() or (directory / "records").is_dir()
        if folder.parent.name in MADE and has_rules:
            return str(folder)
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        visible = [str(path) for path in files if not _is_hidden(path.relative_to(folder))]
        # Of a folder that is not there Snakemake says so.
        return visible or str(folder)

    def bi_encoder_files(self, folder: str) -> str | list[str]:
        """What a job that reads a bi-encoder hangs on; nothing of an installed package."""
        return [] if folder.startswith("package:") else self.files_in(folder)

    def max_length(self, name: str) -> int:
        """The tokens to which a checkpoint of others truncates pairs."""
        defaults = self.config["training"]["defaults"]
        return self.checkpoints[name].get("max_length") or defaults["max_length"]

    def given_on(self, test_set: str) -> list[str]:
        """The systems of others that have a run file of the user's on a test set."""
        names = experiment.others_on(self.config, test_set)
        return [name for name in names if "run_files" in self.plan.others[name]]

    def given_run(self, system: str, folder: str) -> str:
        """The user's run file of a system on the test set in this folder of results/.

        Raises:
            UserError: its entry names none.
        """
        test_set = self.plan.results.test_set_in(folder).name
        files = self.config["systems"][system]["run_files"]
        if test_set not in files:
            raise UserError(
                f"config: systems.{system}.run_files: names none on {test_set}; known: "
                f"{', '.join(files)}"
            )
        return files[test_set]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
