"""The overlays in config/: the plans that they make of config.yaml, and what Snakemake does."""

from collections import Counter
from pathlib import Path

from lionrank.config.plan import Plan
from tests.support.configs import ROOT, overlaid
from tests.support.running import jobs, run_overlaid


class Overlays:
    """Overlays by their names in config/, each on those before it."""

    def __init__(self, *names: str) -> None:
        self.files = [ROOT / "config" / name for name in names]
        self.plan = Plan.read(overlaid(*(file.read_text() for file in self.files)), ROOT)

    def run(self, directory: Path, *arguments: str) -> str:
        """Have Snakemake do something in a working directory, and return what it tells."""
        finished = run_overlaid(directory, *arguments, overlays=self.files)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout + finished.stderr

    def jobs(self, directory: Path, target: str) -> Counter[str]:
        """Return the number of jobs of each rule that a dry run lists."""
        return jobs(self.run(directory, "-n", target))

    def audit(self, directory: Path) -> str:
        """Return the page of the audit, and check that all trainings are on it."""
        self.run(directory, "audit")
        page = (directory / "audit.md").read_text()
        for training in self.plan.settings():
            assert f"| {training} | " in page
        return page
