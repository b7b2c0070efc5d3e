"""Teachers: what each is, and where it lies.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from lionrank.config import teachers, training_data
from lionrank.config.plan_part import PlanPart


class TeachersPlan(PlanPart):
    """The teachers of a config, by name."""

    def by(self, kind: str) -> list[str]:
        """The names of all teachers in the config with this key; `kind` is one of their kinds."""
        return [name for name, entry in self.config["teachers"].items() if kind in entry]

    def checkpoint(self, teacher: str) -> str:
        """The checkpoint that a teacher is: one of the grid, or one that is imported for it."""
        is_imported = teachers.is_imported(self.config, teacher)
        name = teacher if is_imported else self.config["teachers"][teacher]["checkpoint"]
        return f"checkpoints/{name}"

    def run_file(self, teacher: str) -> str:
        """The run file that a teacher is: a download, or a user's."""
        source = teachers.source_of(self.config, teacher)
        given: str = self.config["teachers"][teacher]["run_file"]
        return given if source is None else f"sources/{source}"

    def bi_encoder(self, teacher: str) -> str:
        """Where a teacher's folder lies: a download, in an installed package, or a user's."""
        source = teachers.source_of(self.config, teacher)
        folder: str = self.config["teachers"][teacher]["bi_encoder"]
        return folder if source is None else f"sources/{source}"

    def bi_encoder_files(self, teacher: str) -> str | list[str]:
        """What its scores hang on."""
        return self.plan.other_systems.bi_encoder_files(self.bi_encoder(teacher))

    def taught(self) -> dict[str, int]:
        """The number of rankings that teachers of each kind make."""
        used = [name for name, _ in training_data.used_teachers(self.config)]
        return {kind: sum(map(self.by(kind).count, used)) for kind in teachers.KINDS}
