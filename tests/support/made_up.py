"""An experiment all of whose files are made up: what a change of its config would make again."""

import csv
import io
from pathlib import Path

from lionrank.config.plan import Plan
from lionrank.config.settings import epoch_settings, training_settings
from lionrank.files import write_json
from lionrank.grid import training_name
from tests.support.configs import ROOT, overlaid
from tests.support.running import Finished, run_overlaid

RESULTS = ("comparisons", "changes", "claims/lion", "efficiency")
TARGETS = ("run_files", "best_epochs", *(f"results/{name}.json" for name in RESULTS))
NAMES = ("train", "dev", "other", "test")
GRID = """
grid:
  models: [minilm, modernbert]
  optimizers: [lion]
  systems: [theirs, given]
  test_sets: [ours]
  dev_sets: [one, two]
systems:
  theirs: {label: Theirs, checkpoint: ./theirs}
  given: {label: Given, run_files: {ours: given.trec}}
collections:
  mine:
    format: anserini
    corpus: corpus.jsonl
    topics: {train: train.tsv, dev: dev.tsv, other: other.tsv, test: test.tsv}
    qrels: {train: train.txt, dev: dev.txt, other: other.txt, test: test.txt}
training_pairs: {collection: mine}
test_sets: {ours: {label: Ours, collection: mine, topics: test}}
dev_sets:
  one: {label: One, collection: mine, topics: dev}
  two: {label: Two, collection: mine, topics: other}
models:
  minilm: {pretrained: null, architecture: {model_type: bert}, tokenizer: "package:a/b"}
  modernbert: {pretrained: null, architecture: {model_type: modernbert}, tokenizer: "package:a/b"}
"""


class Experiment:
    """A working directory whose files are made up, and were made by jobs for all Snakemake knows.

    MiniLM has a constant schedule, ModernBERT one that falls to the last step. `more` is an overlay
    on the grid.
    """

    def __init__(self, directory: Path, more: str = "") -> None:
        self.directory, self.more = directory, more

    def snakemake(self, *arguments: str, overlay: str = "") -> Finished:
        files = []
        named = {"grid.yaml": GRID, "more.yaml": self.more, "overlay.yaml": overlay}
        for name, text in named.items():
            if text:
                files.append(self.directory.parent / name)
                files[-1].write_text(text)
        return run_overlaid(self.directory, *arguments, *TARGETS, overlays=files)

    def summary(self, overlay: str = "") -> list[dict[str, str]]:
        told = self.snakemake("--summary", overlay=overlay)
        assert told.returncode == 0, told.stderr
        return list(csv.DictReader(io.StringIO(told.stdout), delimiter="\t"))

    def finish(self, overlay: str = "") -> None:
        """Make up what is not there yet, and have Snakemake take it all as done."""
        topics = [f"{name}.{ending}" for name in NAMES for ending in ("tsv", "txt")]
        (self.directory / "theirs").mkdir(exist_ok=True)
        for name in ("corpus.jsonl", *topics, "theirs/config.json", "given.trec"):
            (self.directory / name).write_text("made up")
        for row in self.summary(overlay):
            path = self.directory / row["output_file"]
            if not path.suffix and not path.exists():
                path.mkdir(parents=True)
            elif path.suffix and not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("made up")
        plan = Plan.read(overlaid(*filter(None, (GRID, self.more, overlay))), ROOT)
        for training in plan.trainings:
            settings = epoch_settings(training_settings(plan.config, *training))
            for folder in self.directory.glob(f"checkpoints/{training_name(*training)}_e[1-9]"):
                write_json(folder / "settings.json", settings)
        touched = self.snakemake("--touch", "--forceall", overlay=overlay)
        assert touched.returncode == 0, touched.stderr
        assert self.planned(overlay) == set()

    def leave_out(self, *checkpoints: str) -> None:
        """Have an epoch be a copy, as early stopping leaves it."""
        for name in checkpoints:
            (self.directory / "training" / f"{name}.jsonl").write_text("")

    def planned(self, overlay: str = "") -> set[str]:
        """Return the files that a run would make."""
        return {
            row["output_file"] for row in self.summary(overlay) if row["plan"] == "update pending"
        }


def of(names: set[str], *parts: str) -> set[str]:
    return {name for name in names if any(part in name for part in parts)}
