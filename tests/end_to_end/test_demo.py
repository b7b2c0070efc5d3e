"""The demo at a reduced size, end to end: files at the doors, the paper, and what reruns."""

import csv
import filecmp
import json
import math
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter

import pandas as pd
import pytest
import yaml
from huggingface_hub import ModelCard
from scipy import stats
from sentence_transformers import CrossEncoder

from lionrank import trec
from lionrank.evaluation import per_query
from lionrank.measures import METRICS
from tests.support.running import ROOT, jobs, run_snakemake, start_snakemake

pytestmark = pytest.mark.slow

CHECKPOINTS = [
    f"{model}_{optimizer}_e{epoch}"
    for model in ("minilm", "gte", "modernbert")
    for optimizer in ("adamw", "lion")
    for epoch in (1, 2)
]


@pytest.fixture(scope="module")
def means(demo):
    """Means by system and metric; binary ones at the paper's level."""
    with open(demo / "results" / "metrics.csv", newline="") as handle:
        return {
            (row["system"], row["metric"]): float(row["mean"])
            for row in csv.DictReader(handle)
            if row["level"] in ("", "1")
        }


@pytest.fixture(scope="module")
def pages(demo):
    text = subprocess.run(
        ["pdftotext", "-layout", demo / "paper" / "main.pdf", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    return text.stdout


@pytest.mark.parametrize("system", ["bm25", *CHECKPOINTS])
def test_run_files_rank_strictly_and_hold_each_candidate_once(demo, system):
    topics = trec.read_topics(demo / "collections" / "pydocs" / "topics.test.tsv")
    rankings = {}
    for line in (demo / "results" / f"{system}.trec").read_text().splitlines():
        qid, q0, docid, rank, score, tag = line.split(" ")
        assert (q0, tag) == ("Q0", system)
        rankings.setdefault(qid, []).append((int(rank), float(score), docid))
    assert rankings.keys() <= topics.keys()
    for ranking in rankings.values():
        ranks, scores, docids = zip(*ranking, strict=True)
        assert list(ranks) == list(range(1, len(ranks) + 1))
        assert all(math.isfinite(score) for score in scores)
        assert list(scores) == sorted(set(scores), reverse=True)
        assert len(set(docids)) == len(docids)


def test_reranking_keeps_the_candidates(demo):
    first_stage, _ = trec.read_run(demo / "results" / "bm25.trec")
    reranked, _ = trec.read_run(demo / "results" / "gte_lion_e2.trec")
    assert {qid: set(ranking) for qid, ranking in reranked.items()} == {
        qid: set(ranking) for qid, ranking in first_stage.items()
    }


def test_the_evaluation_files_agree_with_the_metrics(demo, means):
    for system in ("bm25", *CHECKPOINTS):
        text = (demo / "results" / f"{system}.eval").read_text()
        assert re.search(rf"^runid +\tall\t{system}$", text, re.MULTILINE)
        assert re.search(r"^num_q +\tall\t20$", text, re.MULTILINE)
        printed = dict(re.findall(r"^(\S+) *\tall\t([\d.]+)$", text, re.MULTILINE))
        for metric in ("ndcg_cut_10", "map", "Rprec", "P_10", "recall_10"):
            assert printed[metric] == f"{means[system, metric]:.4f}"


def test_one_table_holds_the_values_of_every_topic(demo):
    table = pd.read_parquet(demo / "results" / "per_query.parquet")
    assert list(table) == per_query.COLUMNS.names
    assert set(table["system"]) == {"bm25", *CHECKPOINTS}
    assert set(table["protocol"]) == {"demo"}
    assert set(table["seed"].dropna()) == {12}
    levels = table.groupby("metric")["level"].agg(lambda found: sorted(found.dropna().unique()))
    assert levels.to_dict() == {
        metric: [] if metric == "ndcg_cut_10" else [1, 2] for metric in METRICS
    }
    # Five binary measures at two levels, and nDCG, of every topic.
    assert (table.groupby("system").size() == 20 * 11).all()


def test_the_comparisons_are_of_the_chosen_epochs_values(demo):
    table = pd.read_parquet(demo / "results" / "per_query.parquet")
    ndcg = table[table["metric"] == "ndcg_cut_10"].pivot(
        index="qid", columns="system", values="value"
    )
    compared = json.loads((demo / "results" / "comparisons.json").read_text())
    families = Counter(contrast["family"] for contrast in compared["contrasts"])
    assert families == {"optimizers": 3, "optimizers_by_epoch": 6, "models": 6, "first_stage": 6}
    for contrast in compared["contrasts"]:
        sides = []
        for side in ("left", "right"):
            training, epoch = contrast[side]["training"], contrast[side]["epoch"]
            if training != "bm25" and epoch is None:
                best = json.loads((demo / "training" / f"{training}.best.json").read_text())
                epoch = best["epoch"]
            sides.append(ndcg["bm25" if training == "bm25" else f"{training}_e{epoch}"])
        left, right = sides
        assert contrast["difference"] == pytest.approx((left - right).mean(), abs=1e-9)
        assert contrast["p_t"] == pytest.approx(stats.ttest_rel(left, right).pvalue)
        assert contrast["wins"] + contrast["ties"] + contrast["losses"] == 20


def test_the_claims_are_decided_on_stand_ins(demo):
    decided = json.loads((demo / "results" / "claims" / "lion.json").read_text())
    assert decided["stand_ins"] == {"dl19": "pydocs", "marco_qa_dev": "pydocs"}
    assert [claim["id"] for claim in decided["claims"]] == [f"c{n}" for n in range(1, 18)]
    found = {claim["id"]: claim["ours"]["verdict"] for claim in decided["claims"]}
    assert found["c12"] == "not testable"  # published systems were not run on pydocs
    assert found["c15"] == "replicated"  # AdamW keeps two moments, Lion one


def test_the_training_logs_are_continuous_and_follow_the_schedule(demo):
    pairs = len(pd.read_parquet(demo / "collections" / "pydocs" / "pairs.parquet"))
    for training in ("minilm_adamw", "gte_lion"):
        records = [
            json.loads(line)
            for epoch in (1, 2)
            for line in (demo / "training" / f"{training}_e{epoch}.jsonl").read_text().splitlines()
            if '"loss"' in line  # and not the development scores at an epoch's end
        ]
        steps = [record["step"] for record in records]
        assert steps == list(range(1, 2 * math.ceil(pairs / 16) + 1))
        assert records[-1]["examples"] == 2 * pairs
        settings = json.loads(
            (demo / "checkpoints" / f"{training}_e2" / "settings.json").read_text()
        )
        warmup = math.ceil(settings["warmup"] * len(steps))
        for record in records:
            done = record["step"] - 1
            share = done / warmup if done < warmup else (len(steps) - done) / (len(steps) - warmup)
            assert record["lr"] == pytest.approx(share * settings["learning_rate"])


def test_checkpoints_are_model_folders_in_safetensors(demo):
    for checkpoint in CHECKPOINTS:
        names = {path.name for path in (demo / "checkpoints" / checkpoint).iterdir()}
        assert {"config.json", "model.safetensors", "tokenizer.json", "settings.json"} <= names
        assert "training_args.bin" not in names


def test_nothing_leaks_between_the_splits(demo):
    folder = demo / "collections" / "pydocs"
    modules = {}
    for split in ("train", "dev", "test"):
        qrels = trec.read_qrels(folder / f"qrels.{split}.txt")
        own = {docid for judged in qrels.values() for docid, grade in judged.items() if grade == 2}
        modules[split] = own
        assert qrels.keys() == trec.read_topics(folder / f"topics.{split}.tsv").keys()
    assert not modules["train"] & (modules["dev"] | modules["test"])
    assert not modules["dev"] & modules["test"]
    pairs = pd.read_parquet(folder / "pairs.parquet")
    assert set(pairs["passage_id"]) <= modules["train"]


def test_the_paper_prints_the_metrics(pages, means):
    rows = re.findall(r"\d\.\d{4}\s+\[\d\.\d{4}, \d\.\d{4}\](?:\s+\d\.\d{4}){5}", pages)
    for system, row in zip(("bm25", *CHECKPOINTS), rows, strict=True):
        printed = re.sub(r"\[.*\]", "", row).split()
        assert printed == [f"{means[system, metric]:.4f}" for metric in METRICS]


def test_the_published_differences_are_tested_without_any_of_ours(demo, pages):
    compared = json.loads((demo / "results" / "published_comparisons" / "lion.json").read_text())
    assert {each["test_set"] for each in compared["contrasts"]} == {"dl19"}
    for contrast in compared["contrasts"]:
        assert f"{abs(contrast['difference']):.4f}" in pages


def test_the_paper_says_what_it_is(pages, demo):
    words = " ".join(pages.split())
    note = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text())["paper"]["note"]
    assert note.split(":")[0] in words
    source = " ".join((demo / "paper" / "main.tex").read_text().split())
    floats = re.findall(r"\\begin\{(?:table|figure)\*?\}.*?\\end\{(?:table|figure)\*?\}", source)
    assert len(floats) == source.count(r"\caption{") >= 16
    ours = [each for each in floats if r"\label{tab:published_" not in each]
    assert all(
        (r"(Demonstration on \texttt{pydocs}.)" in each) == (each in ours) for each in floats
    )
    assert "random start" in words
    statistics = json.loads((demo / "collections" / "pydocs" / "statistics.json").read_text())
    assert re.sub(r"(?<=\d)(?=(\d{3})+$)", " ", str(statistics["documents"])) in words
    assert "??" not in words
    assert str(ROOT) not in words


def test_nothing_is_done_twice(demo):
    told = run_snakemake(demo, "paper/main.pdf")
    assert told.returncode == 0
    assert "Nothing to be done" in told.stdout


def test_one_learning_rate_reruns_its_training_and_dependants_only(demo):
    overlay = yaml.safe_dump(
        {"training": {"models_and_optimizers": {"minilm_lion": {"learning_rate": 3.0e-5}}}}
    )
    told = run_snakemake(demo, "-n", "all", overlay=overlay)
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    assert counts["train_epoch"] == counts["rerank"] == counts["evaluate"] == 2
    messages = re.findall(r"Training (\w+), epoch (\d)", told.stdout)
    assert set(messages) == {("minilm_lion", "1"), ("minilm_lion", "2")}
    assert not counts.keys() & {"pydocs", "index", "bm25", "training_pairs", "initialise"}


def test_the_paper_is_built_without_complaints_and_with_the_same_bytes_again(demo):
    pdf, log = demo / "paper" / "main.pdf", demo / "logs" / "paper" / "compile_paper.log"
    assert log.read_text() == "LaTeX had no complaints.\n"
    before = pdf.read_bytes()
    told = run_snakemake(demo, "paper/main.pdf", "--forcerun", "provenance")
    assert told.returncode == 0, told.stdout[-3000:]
    made = re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", told.stdout)
    assert made == ["provenance", "main_tex", "compile_paper"]
    assert pdf.read_bytes() == before


def test_how_a_job_computes_and_where_results_go_reruns_no_training(demo):
    hardware = {
        "per_device_batch": 4,
        "gradient_checkpointing": True,
        "workers": 2,
        "state_every": {"minutes": None, "steps": 3},
    }
    hub = {"namespace": "me", "private": False}
    overlay = {"hardware": hardware, "tracking": "tensorboard", "hub": hub}
    overlay["dev_sets"] = {"pydocs_dev": {"label": "another label"}}
    told = run_snakemake(demo, "-n", "all", overlay=yaml.safe_dump(overlay))
    assert told.returncode == 0, told.stdout
    # Those show or record the settings themselves.
    shown = {"all", "datasets_table", "model_card"}
    shown |= {"provenance", "main_tex", "compile_paper", "arxiv"}
    assert jobs(told.stdout).keys() <= shown


def test_every_checkpoint_has_a_model_card_that_loads_it(demo):
    for folder in (demo / "hub").iterdir():
        card = ModelCard.load(folder / "README.md")
        assert card.data.pipeline_tag == "text-ranking"
        assert f'CrossEncoder("hub/{folder.name}")' in card.text
        assert "pydocs dev" in card.text
        assert not (folder / "optimizer.pt").exists()
        assert filecmp.cmp(
            folder / "model.safetensors",
            demo / "checkpoints" / folder.name / "model.safetensors",
            shallow=False,
        )
    assert len(list((demo / "hub").iterdir())) == 12
    scores = CrossEncoder(str(demo / "hub" / "gte_lion_e1"), device="cpu").predict([("a", "b")])
    assert 0 < scores[0] < 1


def test_every_training_has_its_best_epoch_on_the_dev_topics(demo):
    for model in ("minilm", "gte", "modernbert"):
        for optimizer in ("adamw", "lion"):
            name = f"{model}_{optimizer}"
            best = json.loads((demo / "training" / f"{name}.best.json").read_text())
            files = [demo / "training" / f"{name}_e{epoch}.dev.json" for epoch in (1, 2)]
            scores = [epoch["ndcg_cut_10"]["pydocs_dev"] for epoch in best["epochs"]]
            assert best["epochs"] == [json.loads(file.read_text()) for file in files]
            assert len(scores) == 2
            assert best["mean_ndcg_cut_10"] == max(scores)
            assert best["epoch"] == scores.index(max(scores)) + 1
            assert all(0 < epoch["eval_loss"] < 5 for epoch in best["epochs"])


def test_ctrl_c_in_a_training_loses_nothing(demo):
    run_file = demo / "results" / "minilm_lion_e2.trec"
    before = run_file.read_bytes()
    (demo / "training" / "minilm_lion_e2.jsonl").unlink()
    log = demo / "training" / "minilm_lion_e2.state" / "log.jsonl"
    run_file.unlink()
    shutil.rmtree(demo / "checkpoints" / "minilm_lion_e2")
    job = start_snakemake(demo, "results/minilm_lion_e2.trec")
    while not (log.exists() and log.stat().st_size):
        assert job.poll() is None, "Snakemake ended before the first step was logged"
        time.sleep(0.05)
    os.killpg(job.pid, signal.SIGINT)
    assert job.wait(timeout=60) != 0
    assert not run_file.exists()
    left = {path.name for path in (demo / "checkpoints").iterdir()}
    assert "minilm_lion_e1" in left
    assert not {name for name in left if "minilm_lion_e2" in name}
    again = run_snakemake(demo, "results/minilm_lion_e2.trec")
    assert again.returncode == 0, again.stdout
    assert "epoch 1" not in again.stdout
    assert "Resuming after step" in (demo / "logs/training/minilm_lion_e2.log").read_text()
    assert not log.parent.exists()
    assert run_file.read_bytes() == before


def test_a_deleted_run_file_is_rewritten_bit_for_bit(demo):
    run_file = demo / "results" / "modernbert_adamw_e1.trec"
    before = run_file.read_bytes()
    run_file.unlink()
    assert run_snakemake(demo, str(run_file.relative_to(demo))).returncode == 0
    assert run_file.read_bytes() == before
