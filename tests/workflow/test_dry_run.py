"""The workflow without running it: what a dry run lists, and how mistakes stop the parse."""

import re
import subprocess
import sys
from collections import Counter

import pytest

from lionrank.config.plan import Plan
from tests.support.configs import CONFIG
from tests.support.running import ROOT, jobs


def test_a_run_file_needs_its_own_training_up_to_its_epoch(snakemake):
    told = snakemake("-n", "results/minilm_lion_e2.trec")
    assert told.returncode == 0, told.stdout
    assert jobs(told.stdout) == {
        "pydocs": 1,
        "index": 1,
        "bm25": 2,
        "candidates": 1,
        "pydocs_triplets": 1,
        "training_pairs": 1,
        "initialise": 1,
        "train_epoch": 2,
        "rerank": 1,
    }
    assert "Training minilm_lion, epoch 1" in told.stdout
    assert "Training minilm_lion, epoch 2" in told.stdout


def test_a_run_file_of_another_seed_needs_the_training_with_it(snakemake):
    told = snakemake("-n", "results/minilm_lion_s13_e2.trec", overlay="grid: {seeds: [12, 13]}")
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    assert (counts["initialise"], counts["train_epoch"], counts["rerank"]) == (1, 2, 1)
    assert "Training minilm_lion_s13, epoch 2" in told.stdout


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("results/minilm_lion_s13_e2.trec", "grid.seeds: has no 13, so that nothing is named _s13"),
        ("hub/minilm_lion_s13_best", "grid.seeds: has no 13"),
        ("training/minilm_lion_s13.best.json", "grid.seeds: has no 13"),
        ("checkpoints/minilm_lion_s12_e0", "grid.seeds: 12 is the first one, which names leave"),
    ],
)
def test_a_seed_that_the_grid_lacks_is_named_with_the_key(snakemake, target, message):
    told = snakemake("-n", target)
    assert told.returncode != 0
    assert message in told.stdout


def test_the_paper_needs_the_whole_grid(snakemake):
    told = snakemake("-n", "paper/main.pdf")
    counts = jobs(told.stdout)
    assert counts["initialise"] == 3 * 2
    assert counts["train_epoch"] == counts["rerank"] == 3 * 2 * 2
    assert counts["dev_scores"] == 3 * 2 * 2
    assert counts["best_epoch"] == 3 * 2
    for rule in ("metrics", "comparisons", "claims", "changes", "compile_paper"):
        assert counts[rule] == 1


def test_the_published_results_are_tested_without_any_of_ours(snakemake):
    told = snakemake("-n", "paper/tables/published_comparisons_lion.tex")
    assert jobs(told.stdout) == {"published_comparisons": 1, "published_comparisons_table": 1}


def test_a_second_test_set_has_a_folder_of_its_own(snakemake):
    overlay = """
grid:
  test_sets: [pydocs, pydocs_dev]
  dev_sets: []
test_sets:
  pydocs_dev:
    label: pydocs, development topics
    collection: pydocs
    topics: dev
"""
    told = snakemake("-n", "results/pydocs_dev/gte_lion_e1.eval", overlay=overlay)
    assert told.returncode == 0, told.stdout
    assert "BM25 for the dev topics of pydocs" in told.stdout
    assert "BM25 for the test topics of pydocs" not in told.stdout


def test_every_training_has_its_best_epoch(snakemake):
    told = snakemake("-n", "best_epochs")
    assert told.returncode == 0, told.stdout
    assert jobs(told.stdout)["best_epoch"] == 3 * 2
    told = snakemake("-n", "training/gte_lion.best.json")
    counts = jobs(told.stdout)
    assert (counts["train_epoch"], counts["dev_scores"], counts["best_epoch"]) == (2, 2, 1)
    assert not counts.keys() & {"rerank", "evaluate"}


def test_without_a_dev_set_no_dev_topics_are_made(snakemake):
    told = snakemake("-n", "all", overlay="grid: {dev_sets: []}\n")
    assert jobs(told.stdout)["best_epoch"] == 3 * 2  # by the loss on held-out pairs
    assert "dev topics" not in told.stdout


def test_only_a_training_that_may_stop_early_waits_for_development_scores(snakemake):
    three = "grid: {epochs: 3}\n"
    needed = jobs(snakemake("-n", "checkpoints/gte_lion_e3", overlay=three).stdout)
    assert "dev_scores" not in needed
    overlay = f"{three}training: {{models: {{gte: {{early_stopping: 1}}}}}}\n"
    told = snakemake("-n", "checkpoints/gte_lion_e3", overlay=overlay)
    assert jobs(told.stdout)["dev_scores"] == 2
    told = snakemake("-n", "checkpoints/gte_lion_e2", overlay=overlay)
    assert not jobs(told.stdout).keys() & {"dev_scores", "early_stopping"}
    told = snakemake("-n", "checkpoints/minilm_lion_e3", overlay=overlay)
    assert "dev_scores" not in jobs(told.stdout)


def test_a_dev_set_may_be_any_topics_of_any_collection(snakemake, tmp_path):
    overlay = f"""
grid:
  models: [gte]
  optimizers: [lion]
  epochs: 1
  dev_sets: [fever, mine, pydocs_dev]
collections:
  nano_fever: {{format: nanobeir, source: nano_fever}}
  mine: {{format: beir, folder: {tmp_path}}}
dev_sets:
  fever: {{label: Fever, collection: nano_fever, topics: test}}
  mine: {{label: Mine, collection: mine, topics: tuning}}
"""
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/tuning.tsv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    told = snakemake("-n", "training/gte_lion_e1.dev.json", overlay=overlay)
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    assert "Fetching nano_fever" in told.stdout
    assert "BM25 for the tuning topics of mine" in told.stdout
    assert (counts["given_candidates"], counts["candidates"]) == (1, 2)
    assert (counts["import_topics"], counts["import_corpus"]) == (2, 1)


def test_a_training_asks_for_all_gpus_and_a_reranking_for_one(snakemake):
    told = snakemake("-n", "results/gte_lion_e1.trec", overlay="hardware: {gpus: 4}")
    assert re.search(r"Training gte_lion, epoch 1 .* gpu=4 ", told.stdout)
    assert re.search(r"Reranking results/gte_lion_e1.trec .* gpu=1 ", told.stdout)


def test_an_optimizer_is_an_entry_in_the_config(snakemake):
    overlay = """
grid:
  optimizers: [adamw, lion, sgd]
optimizers:
  sgd: {label: SGD, class: torch.optim.SGD, arguments: {momentum: 0.9}}
training:
  optimizers:
    sgd: {learning_rate: 1.0e-2}
"""
    told = snakemake("-n", "paper/main.pdf", overlay=overlay)
    assert told.returncode == 0, told.stdout
    assert jobs(told.stdout)["train_epoch"] == 3 * 3 * 2
    assert "Training gte_sgd, epoch 2 " in told.stdout


def plain_snakemake(directory, *arguments, before="pass"):
    """Run the experiment of config.yaml in Python, after the statement `before`."""
    code = f"import sys; {before}; from snakemake.cli import main; main(sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments, "--directory", directory],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


# A module that is None in sys.modules cannot be imported.
WITHOUT_TORCH = "sys.modules['torch'] = sys.modules['transformers'] = None"
WITHOUT_NETWORK = (
    "import socket; "
    "socket.socket.connect = socket.getaddrinfo = lambda *_: sys.exit('the network was asked')"
)


def test_a_dry_run_of_the_paper_needs_neither_torch_nor_network(tmp_path):
    before = f"{WITHOUT_TORCH}; {WITHOUT_NETWORK}"
    told = plain_snakemake(tmp_path, "-n", "paper/main.pdf", before=before)
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    assert counts["train_epoch"] == 18
    assert counts["rerank"] == 18 * 3  # on the test sets that the paper reports or compares on


def test_the_whole_experiment_has_four_test_sets(tmp_path):
    counts = jobs(plain_snakemake(tmp_path, "-n").stdout)
    assert counts["rerank"] == 18 * 4
    assert counts["first_stage"] == 3  # no BM25 on the candidates of the QA data
    assert counts["evaluate"] == 18 * 4 + 3
    assert counts["per_query"] == 4
    assert counts["metrics"] == 1
    assert counts["best_epoch"] == 6
    assert counts["fetch"] == 17
    # What the audit says of the jobs, it says without a plan of Snakemake's.
    assert Plan.read(CONFIG, ROOT).audit.jobs().items() <= counts.items()


def test_one_run_file_of_the_experiment_fetches_only_what_it_needs(tmp_path):
    told = plain_snakemake(tmp_path, "-n", "results/modernbert_lion_e2.trec", before=WITHOUT_TORCH)
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    assert counts["train_epoch"] == 2
    fetched = set(re.findall(r"Fetching (\w+)", told.stdout))
    assert fetched == {
        *("msmarco_corpus", "msmarco_queries", "msmarco_triplets", "msmarco_index"),
        *("dl19_topics", "dl19_qrels", "modernbert"),
    }


def test_the_cluster_profile_asks_for_an_a100_where_a_gpu_is_needed(tmp_path):
    told = plain_snakemake(tmp_path, "--profile", "a100", "-n")
    assert told.returncode == 0, told.stdout
    asking = re.findall(r"^Job .*: (\w+) .*, (.*, gpu=.*)\)$", told.stdout, re.MULTILINE)
    assert Counter(asking) == {
        ("Training", "24000 MB, gpu=1 a100"): 6,  # MiniLM
        ("Training", "40000 MB, gpu=1 a100"): 6,  # GTE
        ("Training", "32000 MB, gpu=1 a100"): 6,  # ModernBERT
        ("Scoring", "16000 MB, gpu=1 a100"): 18,
        ("Reranking", "32000 MB, gpu=1 a100"): 18 * 4,
    }


def test_prefetch_lists_every_source_of_the_experiment_and_nothing_else(tmp_path):
    told = plain_snakemake(tmp_path, "-n", "prefetch")
    assert jobs(told.stdout) == {"fetch": 17, "prefetch": 1}


def test_audit_writes_its_page(tmp_path):
    told = plain_snakemake(tmp_path, "audit", before=WITHOUT_NETWORK)
    assert told.returncode == 0, told.stdout
    page = (tmp_path / "audit.md").read_text()
    assert "| minilm_lion | `lionrank.training.optimizers.ForeachLion`" in page
    assert "**unpinned**, recorded on first download" in page


def test_a_page_of_a_config_without_a_title_has_one_made_of_the_grid(snakemake, tmp_path):
    overlay = "{paper: {title: null}, grid: {models: [gte], optimizers: [lion]}}"
    assert snakemake("audit.md", overlay=overlay).returncode == 0
    assert "Lion for cross-encoder reranking: GTE\n" in (tmp_path / "audit.md").read_text()


def test_the_protocol_as_run_is_an_overlay(tmp_path):
    told = plain_snakemake(
        tmp_path, "-n", "checkpoints/minilm_lion_e1", "--configfile", ROOT / "config/as_run.yaml"
    )
    assert told.returncode == 0, told.stdout


def test_braces_in_a_text_are_no_wildcards(snakemake):
    overlay = """
paper: {title: "{t} of", note: "{x}", authors: [{name: "{a}", affiliation: "{b}"}]}
models: {gte: {label: "{m}"}}
optimizers: {lion: {label: "{o}"}}
test_sets: {pydocs: {label: "{p}"}}
dev_sets: {pydocs_dev: {label: "{d}"}}
"""
    told = snakemake("-n", "report_files", "paper/main.pdf", "all", overlay=overlay)
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        (
            "retrieval: {depth: 5}\ngrid: {epochs: 1}\nretrieval: {k1: 1}",
            "yaml:3: the key 'retrieval'",
        ),
        ("grid: {epochs: &a [*a]}", "yaml:1: *a stands within what it stands for"),
        ("test_sets: {2020: {}}", "test_sets: a key is the number 2020, not text; take a name"),
        ("retrieval: {dpeth: 5}", "retrieval: unknown key 'dpeth'; did you mean 'depth'?"),
        ("grid: {epochs: -1}", "grid.epochs: -1 is less than the minimum of 1"),
        ("grid: {epochs: two}", "grid.epochs: expected a whole number, found the text 'two'"),
        ("grid: {optimizers: [loin]}", "grid.optimizers: unknown 'loin'; did you mean 'lion'?"),
    ],
)
def test_a_mistake_in_the_config_stops_the_parse_with_one_line(snakemake, overlay, message):
    told = snakemake("-n", "paper/main.pdf", overlay=overlay)
    assert told.returncode == 1
    assert message in told.stdout
    assert "Traceback" not in told.stdout


def test_values_of_the_command_line_are_read_as_in_a_file(snakemake):
    arguments = ("grid={epochs: 1, models: [gte]}", "tracking=", "paper={note: null}")
    told = snakemake("-n", "best_epochs", "--config", *arguments)
    assert told.returncode == 0, told.stdout
    assert jobs(told.stdout)["train_epoch"] == 2


def test_an_epoch_beyond_the_grid_is_no_target(snakemake):
    told = snakemake("-n", "results/minilm_lion_e9.trec")
    assert told.returncode == 1
    assert "results/minilm_lion_e9.trec" in told.stdout


def test_snakemake_lint_has_no_remark():
    told = subprocess.run(
        [sys.executable, "-m", "snakemake", "--lint"], cwd=ROOT, text=True, capture_output=True
    )
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["snakefmt", "--check", "Snakefile", "rules"],
        ["lint-imports"],
        pytest.param(["mypy"], marks=pytest.mark.slow),
    ],
)
def test_the_code_is_in_style(command):
    told = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    assert told.returncode == 0, told.stdout + told.stderr
