"""Which epochs are trained, where trainings may stop early.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from functools import cached_property
from pathlib import Path

from lionrank.config import seeds
from lionrank.config.plan_part import PlanPart
from lionrank.config.settings import training_settings
from lionrank.errors import UserError
from lionrank.files import read_json
from lionrank.grid import checkpoint_name, training_name

FIRST_STOPPED = 3
"""The first epoch before which a training can stop: the second is the first to be compared."""


class EarlyStoppingPlan(PlanPart):
    """The epochs of which early stopping decides."""

    def patience(self, model: str, optimizer: str) -> int | None:
        """The epochs without a better score after which a training stops, None if it never does."""
        return training_settings(self.config, model, optimizer)["early_stopping"]

    def decision(self, model: str, optimizer: str, seed: str, epoch: int | str) -> str | list[str]:
        """What says whether a training has stopped before an epoch, nothing where it cannot.

        Raises:
            UserError: the grid has no such seed.
        """
        seeds.of_name(self.config, seed)
        if int(epoch) < FIRST_STOPPED:
            return []
        return f"training/{_checkpoint(model, optimizer, seed, int(epoch))}.stop.json"

    def scores(self, model: str, optimizer: str, seed: str, epoch: int | str) -> list[str]:
        """The development scores of the epochs before, where a training may stop early."""
        if not self.patience(model, optimizer):
            return []
        return self.plan.dev_scores(model, optimizer, seed, int(epoch) - 1)

    @cached_property
    def undecided(self) -> dict[str, tuple[str, str, str, int]]:
        """Model, optimizer, seed and epoch of the checkpoints of which it decides, by name.

        An epoch that was trained stays, also where its training would stop before it by now: that
        changes none of its bits. So Snakemake is not to look at what it was decided by.
        """
        return {
            _checkpoint(*training, epoch): (*training, epoch)
            for training in self.plan.trainings
            for epoch in self.plan.epochs[FIRST_STOPPED - 1 :]
            if not self._was_trained(*training, epoch)
        }

    def _was_trained(self, model: str, optimizer: str, seed: str, epoch: int) -> bool:
        """Whether an epoch is there that was trained, with these settings, and is no copy."""
        name = _checkpoint(model, optimizer, seed, epoch)
        log, decision = (Path(f"training/{name}.{ending}") for ending in ("jsonl", "stop.json"))
        if not (decision.exists() and log.exists() and log.stat().st_size):
            return False
        try:
            found = read_json(Path("checkpoints", name, "settings.json"))
            return found == self.plan.search.final_settings(model, optimizer, seed)
        except UserError:
            return False


def _checkpoint(model: str, optimizer: str, seed: str, epoch: int) -> str:
    return checkpoint_name(training_name(model, optimizer, seed), epoch)
