"""Systems of others in an experiment: checkpoints and run files from elsewhere, down to scores."""

import gzip
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from lionrank import trec
from lionrank.files import read_json
from tests.support.running import Finished, jobs, run_snakemake

pytestmark = pytest.mark.slow
MODELS = ("minilm_lion", "gte_adamw", "modernbert_lion")


def overlay(demo: Path) -> str:
    systems = {
        f"again_{name}": f"{{label: {name} again, checkpoint: {demo}/hub/{name}_e2}}"
        for name in MODELS
    }
    systems["mine"] = "{label: Mine, checkpoint: ./mine, published: lion, model: gte}"
    systems["given"] = "{label: Another tool, run_files: {pydocs: other.trec.gz}}"
    entries = "\n".join(f"  {name}: {entry}" for name, entry in systems.items())
    return f"grid: {{models: [], systems: [{', '.join(systems)}]}}\nsystems:\n{entries}\n"


class Experiment:
    """One in which nothing is trained, on the collection of a demo that is built."""

    def __init__(self, directory: Path, demo: Path) -> None:
        self.directory, self.overlay = directory, overlay(demo)

    def run(self, *arguments: str) -> Finished:
        targets = ["results/per_query.parquet", "results/given.eval", "results/replication.json"]
        told = run_snakemake(self.directory, *arguments, *targets, overlay=self.overlay)
        assert told.returncode == 0, told.stdout[-4000:]
        return told

    def planned(self) -> set[str]:
        return {*jobs(self.run("-n").stdout)}


@pytest.fixture(scope="module")
def run(demo, tmp_path_factory) -> Experiment:
    directory = tmp_path_factory.mktemp("others") / "run"
    shutil.copytree(demo / "hub/gte_adamw_e2", directory / "mine")
    lines = (demo / "results/bm25.trec").read_text().replace(" bm25", " other-tool-1.0")
    (directory / "other.trec.gz").write_bytes(gzip.compress(lines.encode()))
    experiment = Experiment(directory, demo)
    experiment.run("--cores", "1")
    assert not (directory / "training").exists()
    return experiment


def test_trained_checkpoints_that_come_back_through_the_hubs_folders_rank_the_same(run, demo):
    systems = {f"again_{name}": name for name in MODELS} | {"mine": "gte_adamw"}
    for system, name in systems.items():
        again = (run.directory / f"results/{system}.trec").read_text()
        trained = (demo / f"results/{name}_e2.trec").read_text()
        assert again == trained.replace(f"{name}_e2\n", f"{system}\n")


def test_a_run_file_of_another_tool_is_evaluated_as_it_is(run, demo):
    given, tag = trec.read_run(run.directory / "results/given.trec")
    assert tag == "given"
    assert given == trec.read_run(demo / "results/bm25.trec")[0]
    ours, theirs = (
        re.sub("runid.*", "", (folder / f"results/{name}.eval").read_text())
        for folder, name in ((run.directory, "given"), (demo, "bm25"))
    )
    assert ours == theirs


def test_every_system_is_in_the_tables_of_values(run):
    table = pd.read_parquet(run.directory / "results/per_query.parquet")
    systems = ["bm25", *(f"again_{name}" for name in MODELS), "mine", "given"]
    assert [*table["system"].unique()] == systems
    assert table[["optimizer", "epoch", "seed"]].isna().all(axis=None)
    assert {*table.dropna(subset=["model"])["system"]} == {"mine"}
    means = pd.read_csv(run.directory / "results/metrics.csv")
    assert [*means["system"].unique()] == systems


def test_a_published_checkpoint_stands_beside_the_rows_of_its_model(run):
    (system,) = read_json(run.directory / "results/replication.json")["systems"]
    assert {row["checkpoint"].split("_")[0] for row in system["rows"]} == {"gte"}
    reached = {each["variant"]: each["values"] for each in system["variants"]}
    printed = pd.read_csv(run.directory / "results/metrics.csv").query("system == 'mine'")
    means = {(row.metric, row.level): round(row.mean, 4) for row in printed.itertuples()}
    assert reached["as_scored"][1:] == [
        means[metric, 1] for metric in ("map", "recall_10", "Rprec", "P_10", "recip_rank_10")
    ]
    # The level of published values and the tracks' own.
    assert reached["level_2"][1] == means["map", 2]
    first, second = (
        trec.read_run(run.directory / f"results/mine{ending}.trec")[0]
        for ending in ("", f".{system['other_precision']}")
    )
    assert {qid: {*ranking} for qid, ranking in first.items()} == {
        qid: {*ranking} for qid, ranking in second.items()
    }


def test_a_change_of_a_folder_or_a_run_file_is_seen(run):
    assert run.planned() == set()
    with open(run.directory / "mine" / "README.md", "a") as card:
        card.write("Trained by somebody.\n")
    planned = jobs(run.run("-n").stdout)
    assert (planned["import_checkpoint"], planned["rerank"], planned["import_run"]) == (1, 1, 0)
    given = gzip.decompress((run.directory / "other.trec.gz").read_bytes())
    (run.directory / "other.trec.gz").write_bytes(gzip.compress(given + b"# the same\n"))
    assert run.planned() >= {"import_run", "evaluate", "per_query"}
