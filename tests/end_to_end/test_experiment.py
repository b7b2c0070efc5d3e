"""The experiment of config.yaml itself, downloads included, on small data in the real schemas.

A local server stands in for the hub and ends once everything is fetched: no other rule needs it.
"""

import csv
import json
from math import log2

import pytest

from lionrank import trec
from lionrank.config.sources import read_table
from tests.support import small_msmarco
from tests.support.running import jobs, run_overlaid


def run(directory, hub, *targets):
    """Run the workflow to its end, its downloads from the hub's address; return what it says."""
    environment = {"HF_ENDPOINT": hub.url, "HF_HOME": str(directory / "home")}
    overlays = [directory / "overlay.yaml"]
    done = run_overlaid(directory, *targets, overlays=overlays, environment=environment)
    assert done.returncode == 0, done.stderr[-6000:]
    return done.stdout + done.stderr


def reciprocal_ranks(metrics, test_set):
    """Return MRR@10 by system."""
    with open(metrics, newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {
        row["system"]: float(row["mean"])
        for row in rows
        if (row["test_set"], row["metric"], row["level"]) == (test_set, "recip_rank_10", "1")
    }


@pytest.fixture(scope="module")
def fetched(tmp_path_factory):
    """The working directory after `snakemake prefetch`, and the server, which has ended."""
    directory = tmp_path_factory.mktemp("experiment")
    hub = small_msmarco.serve(tmp_path_factory.mktemp("served"))
    with hub:
        table = directory / "sources.csv"
        small_msmarco.write_table(table, hub)
        (directory / "overlay.yaml").write_text(small_msmarco.OVERLAY.format(table=table))
        run(directory, hub, "prefetch")
    return directory, hub


@pytest.fixture(scope="module")
def experiment(fetched):
    """The working directory of the whole experiment, down to the PDF."""
    directory, hub = fetched
    run(directory, hub, "all")
    return directory


@pytest.mark.slow
def test_prefetch_asks_for_what_the_experiment_needs_and_nothing_else(fetched):
    directory, hub = fetched
    assert len(list(directory.glob("sources/*.lock.json"))) == 17
    assert hub.asked("GET", "triplets/train-00000-of-00024.parquet")
    for unneeded in ("triplets/train-00001-of-00024.parquet", "README.md"):
        assert not hub.asked("GET", unneeded)


@pytest.mark.slow
def test_every_test_set_has_its_run_files(experiment):
    systems = {"minilm_lion_e1", "gte_lion_e1", "modernbert_lion_e1"}
    for folder, expected in {
        "results": systems | {"bm25"},
        "results/dl20": systems | {"bm25"},
        "results/marco_dev": systems | {"bm25"},
        "results/marco_qa_dev": systems,
    }.items():
        files = sorted((experiment / folder).glob("*.trec"))
        assert {path.stem for path in files} == expected
        for path in files:
            ranking, tag = trec.read_run(path)
            assert tag == path.stem
            assert max(map(len, ranking.values())) == (9 if "qa" in folder else 10)


@pytest.mark.slow
def test_every_test_set_is_evaluated(experiment):
    metrics = experiment / "results" / "metrics.csv"
    for name in ("dl19", "dl20"):
        scores = reciprocal_ranks(metrics, name)
        assert len(scores) == 4
        assert scores["bm25"] > 0.5  # the topics ask with words of the relevant passage
    scores = reciprocal_ranks(metrics, "marco_qa_dev")
    assert len(scores) == 3
    assert all(1 / 9 < score < 1 for score in scores.values())


@pytest.mark.slow
def test_the_pairs_are_split_by_query(experiment):
    record = json.loads((experiment / "collections/msmarco/pairs.json").read_text())
    assert record["rows"] == {"train": 110, "held_out": 10}
    assert record["queries"] == {"train": 55, "held_out": 5, "shared": 0}


@pytest.mark.slow
def test_every_epoch_is_scored_on_held_out_pairs_and_the_dev_sets(experiment):
    for model in ("minilm", "gte", "modernbert"):
        best = json.loads((experiment / "training" / f"{model}_lion.best.json").read_text())
        (epoch,) = best["epochs"]
        assert best["epoch"] == epoch["epoch"] == 1
        assert tuple(epoch["ndcg_cut_10"]) == small_msmarco.DEV_SETS
        # The one relevant passage of six is somewhere in the ranking.
        assert all(1 / log2(7) <= score <= 1 for score in epoch["ndcg_cut_10"].values())
        assert 0 < epoch["eval_loss"] < 5


@pytest.mark.slow
def test_the_paper_says_where_its_data_come_from(experiment):
    text = " ".join((experiment / "paper" / "main.tex").read_text().split())
    assert "TREC DL 2019" in text
    provenance = json.loads((experiment / "paper" / "provenance.json").read_text())
    assert len(provenance["sources"]) == 17
    for source in ("minilm", "gte", "modernbert", "msmarco_triplets"):
        lock = provenance["sources"][source]
        assert f"revision \\texttt{{{lock['revision'][:12]}}}" in text
        assert all(len(file["sha256"]) == 64 for file in lock["files"].values())
    assert (experiment / "paper" / "main.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_the_paper_tells_the_commits_that_no_table_pins(experiment):
    sources = json.loads((experiment / "paper/provenance.json").read_text())["sources"]
    assert len(sources) == 17
    unpinned = {name: each for name, each in sources.items() if not each["pinned"]}
    assert len(unpinned) == 17 - 6  # the files of the web
    text = (experiment / "paper/main.tex").read_text()
    for each in unpinned.values():
        assert f"{{{each['revision']}}}, \\emph{{unpinned}}" in text


@pytest.mark.slow
def test_pinning_fetches_and_trains_nothing_again(experiment, fetched):
    _, hub = fetched
    run(experiment, hub, "pin")
    sources = read_table(experiment / "sources.csv")
    assert all(sources[name].pinned for name in ("minilm", "msmarco_corpus", "msmarco_index"))
    assert sources["msmarco_triplets"].exact
    planned = run(experiment, hub, "all", "--dry-run")
    assert jobs(planned).keys() == {"provenance", "main_tex", "compile_paper", "arxiv", "all"}
