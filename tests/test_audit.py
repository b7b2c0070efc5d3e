"""The audit page: its arithmetic, its marks beside the published settings, what it leaves open."""

import copy
import csv
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config
from transformers import TrainingArguments

from lionrank import audit, estimates, published
from lionrank.errors import UserError
from lionrank.sources import Source

ROOT = Path(__file__).parents[1]
SETTINGS = ROOT / "paper" / "published" / "settings.csv"
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
COMMIT = "0123456789abcdef0123456789abcdef01234567"
JOBS = {"initialise": 6, "train_epoch": 18}


def merged(*overlays: str | dict) -> dict:
    """Return config.yaml with overlays, which are files of config/ or parts of a config."""
    config = copy.deepcopy(CONFIG)
    for overlay in overlays:
        if isinstance(overlay, str):
            overlay = yaml.safe_load((ROOT / "config" / overlay).read_text())
        update_config(config, overlay)
    return config


def source(name: str, **changes) -> Source:
    fields = {
        "kind": "dataset",
        "id": f"owner/{name}",
        "files": ("*.parquet",),
        "revision": COMMIT,
        "bytes": 1_000_000,
        "exact": True,
        "checksums": {},
        "licence": "MIT",
        "cited": "",
        "used_for": "tests",
    }
    return Source(name=name, **(fields | changes))


def facts_of(config: dict, *sources: Source) -> dict:
    table = {source.name: source for source in sources}
    return audit.collect(config, table, list(table), SETTINGS, JOBS)


def marked(config: dict, source: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return (setting, trainings) of what differs from a source."""
    compared = facts_of(config)["compared"]
    return [(row.setting, row.trainings) for row in compared if row.differs(source)]


def row_of(page: str, *starts: str) -> str:
    """Return the one row of the page's tables whose first cells are `starts`."""
    start = "| " + " | ".join(starts) + " |"
    (row,) = [line for line in page.splitlines() if line.startswith(start)]
    return row


# ---- the published architectures and what is computed from them ----


def linear(inputs: int, outputs: int, bias: bool = True) -> int:
    return inputs * outputs + (outputs if bias else 0)


def minilm() -> dict[str, int]:
    """BERT with 12 layers of 384/1536 and 30,522 tokens; pooler and one logit on top."""
    hidden, inner = 384, 1536
    attention, norms = 4 * linear(hidden, hidden), 2 * 2 * hidden
    layer = attention + linear(hidden, inner) + linear(inner, hidden) + norms
    embeddings = (30_522 + 512 + 2) * hidden + 2 * hidden
    head = linear(hidden, hidden) + linear(hidden, 1)
    return {"parameters": 12 * layer + embeddings + head, "encoder": 12 * layer}


def gte() -> dict[str, int]:
    """12 layers of 768 with GeGLU of 3072, of whose three matrices only the last has a bias."""
    hidden, inner = 768, 3072
    attention, norms = 4 * linear(hidden, hidden), 2 * 2 * hidden
    gated = 2 * linear(hidden, inner, bias=False) + linear(inner, hidden)
    layer = attention + gated + norms
    embeddings = (250_048 + 1) * hidden + 2 * hidden
    head = linear(hidden, hidden) + linear(hidden, 1)
    return {"parameters": 12 * layer + embeddings + head, "encoder": 12 * layer}


def modernbert() -> dict[str, int]:
    """22 layers of 768 with GeGLU of 1152, without biases; the first has no norm before it."""
    hidden, inner = 768, 1152
    attention = 4 * linear(hidden, hidden, bias=False)
    layer = attention + 3 * linear(hidden, inner, bias=False) + 2 * hidden
    encoder = 22 * layer - hidden + hidden  # the first layer's norm is missing, a last one is added
    embeddings = 50_368 * hidden + hidden
    head = linear(hidden, hidden, bias=False) + hidden + linear(hidden, 1)
    return {"parameters": encoder + embeddings + head, "encoder": encoder}


@pytest.mark.parametrize(
    ("backbone", "published_millions"), [(minilm, 33), (gte, 305), (modernbert, 149)]
)
def test_the_sizes_of_the_backbones_follow_from_their_architectures(backbone, published_millions):
    counted = backbone()
    assert CONFIG["audit"]["backbones"][backbone.__name__] == counted
    assert abs(counted["parameters"] / 1e6 - published_millions) < 1  # whole millions are published


def test_the_last_smaller_batch_of_an_epoch_is_a_step():
    assert estimates.training_pairs(CONFIG) == 1_990_000
    assert estimates.steps_of_epoch(1_990_000, 64) == 31_094
    assert estimates.steps_of_epoch(1_990_000, 192) == 10_365
    assert estimates.steps_of_epoch(192, 64) == 3


def test_the_published_steps_are_those_of_dropped_batches_on_three_devices():
    batches = 1_990_000 // 64
    assert batches // 3 == 10_364
    with SETTINGS.open(encoding="utf-8", newline="") as handle:
        rows = {row["setting"]: row for row in csv.DictReader(handle)}
    assert rows["optimizer steps of an epoch"]["code"] == str(batches // 3)
    assert rows["optimizer steps of an epoch"]["note"].endswith("= 10,365.")


@pytest.mark.parametrize(
    ("settings", "share"),
    [
        ({"schedule": "cosine", "schedule_steps": 93_750, "warmup": 0.0}, 0.752),
        ({"schedule": "cosine", "schedule_steps": None, "warmup": 0.1}, 0.0),
        ({"schedule": "linear", "schedule_steps": None, "warmup": 0.1}, 0.0),
        ({"schedule": "linear", "schedule_steps": 62_190, "warmup": 0.0}, 0.5),
        ({"schedule": "none", "schedule_steps": None, "warmup": 0.1}, 1.0),
        ({"schedule": "linear", "schedule_steps": 61_190, "warmup": 1000}, 0.5),
    ],
)
def test_a_schedule_ends_where_its_steps_say(settings, share):
    assert estimates.end_of_schedule(settings, 31_095) == pytest.approx(share, abs=5e-4)


def test_gpu_hours_are_operations_over_the_speed_that_is_reached():
    facts = facts_of(merged())
    (training,) = [t for t in facts["trainings"] if t["name"] == "modernbert_lion"]
    gpu = CONFIG["audit"]["gpu"]
    tokens = CONFIG["audit"]["collections"]["msmarco"]["tokens_per_pair"]
    reached = gpu["bf16_tflops"] * 1e12 * gpu["utilisation"]
    operations = 6 * 110_330_880 * tokens["training"] * 1_990_000 * 3
    assert training["gpu_hours"] == pytest.approx(operations / reached / 3600)

    (dl19,) = [t for t in facts["reranking"] if t["name"] == "dl19"]
    encoders = 21_293_568 + 113_329_152 + 110_330_880
    operations = 2 * encoders * 2 * 3 * tokens["scoring"] * 43 * 1000
    assert dl19["scored"] == 43 * 1000 * 18
    assert dl19["gpu_hours"] == pytest.approx(operations / reached / 3600)


def test_marco_qa_has_its_own_number_of_candidates():
    (row,) = [t for t in facts_of(merged())["reranking"] if t["name"] == "marco_qa_dev"]
    assert (row["topics"], row["candidates"], row["pairs"]) == (10_047, 10, 100_470)


def test_the_steps_of_a_warmup_are_those_of_the_trainer():
    for warmup, expected in ((0.0, 0), (0.1, 3110), (1e-9, 1), (1, 1), (1000, 1000), (1e3, 1000)):
        arguments = TrainingArguments(warmup_steps=warmup, use_cpu=True)
        assert arguments.get_warmup_steps(31_095) == expected
        settings = {"warmup": warmup, "schedule_steps": None}
        assert estimates.warmup_steps(settings, 31_095) == expected


def test_scoring_development_data_is_counted_for_every_checkpoint():
    facts = facts_of(merged())
    gpu = CONFIG["audit"]["gpu"]
    reached = gpu["bf16_tflops"] * 1e12 * gpu["utilisation"]
    encoders = 2 * (21_293_568 + 113_329_152 + 110_330_880)
    expected = {
        "nano_msmarco": (5_000, 87),
        "nano_nfcorpus": (5_000, 322),
        "nano_nq": (5_000, 122),
    }
    assert [work["name"] for work in facts["development"]] == list(expected)
    for work in facts["development"]:
        pairs, tokens = expected[work["name"]]
        assert (work["pairs"], work["scored"]) == (pairs, 18 * pairs)
        operations = 2 * encoders * 3 * tokens * pairs
        assert work["gpu_hours"] == pytest.approx(operations / reached / 3600)
    held_out = 2 * encoders * 3 * 176 * 10_000 / reached / 3600
    assert facts["held_out"]["gpu_hours"] == pytest.approx(held_out)
    page = audit.page(facts)
    assert row_of(page, "nano_nq", "nano_nq").startswith(
        "| nano_nq | nano_nq | 50 | 100 | 5,000 | 90,000 |"
    )
    assert "| held-out pairs | msmarco | - | - | 10,000 | 180,000 |" in page
    hours = sum(work["gpu_hours"] for work in facts["development"]) + held_out
    assert f"| GPU hours of scoring development data | {hours:.2f} |" in page


def test_without_dev_sets_the_page_says_so():
    page = audit.page(facts_of(merged({"grid": {"dev_sets": []}})))
    assert "each epoch scored on no dev set." in page
    assert "nano" not in page


def test_lion_keeps_half_of_the_optimizer_state():
    kept = {t["name"]: t["bytes"] for t in facts_of(merged())["trainings"]}
    weights = 4 * 305_959_681
    assert kept["gte_adamw"] == weights * (4 + 3 * 2)
    assert kept["gte_lion"] == weights * (4 + 3 * 1)


def test_totals_add_what_is_known_and_count_what_is_not():
    assert estimates.total([1, None, 2, None]) == {"known": 3, "missing": 2, "of": 4}
    assert estimates.total([None])["known"] is None
    assert estimates.total([]) == {"known": 0, "missing": 0, "of": 0}


# ---- beside the published settings ----


def test_as_written_has_the_batch_of_the_paper_and_not_of_thesis_and_code():
    row = row_of(audit.page(facts_of(merged())), "global_batch_size", "all")
    assert "| 64 | 64 | **16** ≠ | **192** ≠ (64 on each of 3 devices) |" in row


def test_as_written_differs_from_the_paper_in_how_pairs_are_held_out_alone():
    assert marked(merged(), "paper") == [("training_pairs.held_out.by", ())]


def test_as_run_does_all_that_the_code_did():
    assert {setting for setting, _ in marked(merged(), "code")} == {
        "global_batch_size",
        "schedule",
        "schedule_steps",
        "warmup",
        "training_pairs.held_out.by",
        "training_pairs.held_out.seed",
    }
    assert marked(merged("as_run.yaml"), "code") == []
    assert {setting for setting, _ in marked(merged("as_run.yaml"), "paper")} == {
        "global_batch_size",
        "schedule",
        "schedule_steps",
        "warmup",
    }


def test_as_run_says_all_of_it_whatever_config_it_lies_on():
    other = {"learning_rate": 1.0, "schedule": "linear", "schedule_steps": 7}
    distorted = {
        "training": {
            "defaults": {"weight_decay": 0.5, "global_batch_size": 8},
            "models_and_optimizers": {"modernbert_adamw": other, "modernbert_lion": other},
        },
        "evaluation": {"relevance_level": 2},
    }
    assert marked(merged(distorted), "code") != []
    assert marked(merged(distorted, "as_run.yaml"), "code") == []


def test_a_change_to_one_training_is_marked_for_that_training_alone():
    changed = merged({"training": {"models_and_optimizers": {"gte_lion": {"learning_rate": 3e-6}}}})
    assert ("learning_rate", ("gte_lion",)) in marked(changed, "paper")
    page = audit.page(facts_of(changed))
    assert "| 3e-6 | **2e-5** ≠ | **2e-5** ≠ | -" in row_of(page, "learning_rate", "gte_lion")
    others = row_of(page, "learning_rate", "minilm_adamw, minilm_lion, gte_adamw")
    assert "| 2e-5 | 2e-5 | 2e-5 |" in others


def test_a_number_is_the_same_however_it_is_written():
    assert marked(merged({"training": {"defaults": {"max_grad_norm": 1}}}), "thesis") == marked(
        merged(), "thesis"
    )


def test_every_setting_of_the_table_is_one_of_ours():
    assert [row.setting for row in facts_of(merged())["compared"] if not row.set_here] == []


def test_trainings_that_are_not_in_the_grid_are_not_compared():
    compared = facts_of(merged({"grid": {"models": ["minilm"]}}))["compared"]
    assert {name for row in compared for name in row.trainings} == {"minilm_adamw", "minilm_lion"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("setting,training,", "setting,trainings,", ":1: expected the columns setting,training,"),
        ("schedule,modernbert_lion,cosine,", "schedule,modernbert_lion,", ":7: expected 6 columns"),
        ("weight_decay,all,0.01,", "weight_decay,all,,", ": paper is empty; write -"),
    ],
)
def test_a_wrong_line_of_the_table_is_named(tmp_path, old, new, message):
    table = tmp_path / "settings.csv"
    text = SETTINGS.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        published.read(table)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(table))


# ---- the page ----


def test_an_unknown_revision_is_shown_as_such():
    page = audit.page(facts_of(merged(), source("known"), source("open", revision=None)))
    assert f"| `{COMMIT}` |" in row_of(page, "known")
    assert "| **unknown, recorded on first download** |" in row_of(page, "open")


def test_downloads_are_summed_and_unknown_sizes_counted():
    page = audit.page(
        facts_of(
            merged({"sources": {"local": {"near": "/copies/near"}}}),
            source("exact", bytes=1_688_968_114),
            source("rounded", bytes=21_400_000, exact=False),
            source("near", bytes=None, used_for="a | b"),
        )
    )
    assert "In all 1.71 GB, without 1 of 3 that is not known." in page
    assert "| 1.69 GB |" in row_of(page, "exact")
    assert "| ~21.4 MB |" in row_of(page, "rounded")
    assert r"| unknown | - | MIT | a \| b; taken from /copies/near |" in row_of(page, "near")


def test_a_source_that_is_not_in_the_table_is_named():
    with pytest.raises(UserError, match=r"sources\.csv: there is no row 'msmarcoo'"):
        audit.collect(merged(), {}, ["msmarcoo"], SETTINGS, JOBS)


def test_jobs_are_listed_and_summed():
    page = audit.page(facts_of(merged()))
    assert row_of(page, "train_epoch") == "| train_epoch | 18 |"
    assert "| together | 24 |" in page


def test_trainings_show_settings_and_steps():
    page = audit.page(facts_of(merged("as_run.yaml")))
    assert (
        "| modernbert_lion | 2e-6 | cosine | 93,750 (set) | 75% | 0.0 (0 steps) | 0.01 | 1.0 "
        "| 192 | 512 | bf16 | 12 | bce | never |" in page
    )
    assert "| 1,990,000 | 10,365 | 31,095 | 3 |" in page


def test_a_warmup_in_steps_an_undecayed_group_and_early_stopping_are_shown():
    changes = {"warmup": 1000, "decay_biases_and_norms": False, "early_stopping": 2}
    page = audit.page(facts_of(merged({"training": {"models": {"gte": changes}}})))
    row = row_of(page, "gte_lion", "2e-5")
    assert "| 1,000 steps | 0.01, not of biases and norms | 1.0 |" in row
    assert row.endswith("| bce | after 2 epochs that are not better |")
    assert row_of(page, "decay_biases_and_norms", "gte_adamw, gte_lion") == (
        "| decay_biases_and_norms | gte_adamw, gte_lion | false | - | - | **true** ≠ | "
        "The optimizers of the code were given all parameters in one group. |"
    )


def test_what_cannot_be_estimated_is_said_and_nothing_else_is_lost():
    config = merged()
    config["audit"] |= {"backbones": {}, "test_sets": {}, "collections": {}}
    page = audit.page(facts_of(config))
    assert "| GPU hours of 6 trainings | not estimated |" in page
    assert row_of(page, "dl19").endswith(
        "| not estimated | 1,000 | not estimated | not estimated | not estimated |"
    )
    assert "| 1,990,000 | 31,094 | 93,282 | 3 | not estimated |" in page


def test_the_speed_at_another_precision_is_not_guessed():
    config = merged({"training": {"models": {"gte": {"precision": "fp32"}}}})
    hours = {t["name"]: t["gpu_hours"] for t in facts_of(config)["trainings"]}
    assert hours["gte_lion"] is None
    assert hours["minilm_lion"] is not None


@pytest.mark.parametrize("overlays", [(), ("as_run.yaml",), ("demo.yaml",)])
def test_no_page_prints_a_python_none_or_a_ragged_table(overlays):
    page = audit.page(facts_of(merged(*overlays), source("open", revision=None, bytes=None)))
    assert "None" not in page
    tables = [block.splitlines() for block in page.split("\n\n") if block.startswith("|")]
    assert len(tables) > 8
    for table in tables:
        columns = {line.replace(r"\|", "").count("|") for line in table}
        assert len(columns) == 1, table[0]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_764, "1.76 kB"),
        (999_600, "1 MB"),
        (2_170_758_745, "2.17 GB"),
        (3.2e15, "3.2e+03 TB"),
        (None, "not estimated"),
    ],
)
def test_sizes_have_three_digits(number, text):
    assert audit.size(number) == text


def test_the_audit_imports_nothing_heavy():
    heavy = {"torch", "transformers", "pandas", "pyserini", "numpy"}
    code = f"import sys, lionrank.audit; print({heavy} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"


RULE = """
rule audit:
    input:
        table="sources.csv",
        published={published!r},
    output:
        "audit.md",
    log:
        "audit.log",
    params:
        config=config,
        sources=["small"],
        jobs={{"train_epoch": 18}},
    script:
        {script!r}
"""


def test_the_script_writes_the_page(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(merged()), encoding="utf-8")
    (tmp_path / "sources.csv").write_text(
        "name,kind,id,files,revision,bytes,checksums,licence,cited,used_for\n"
        "small,dataset,owner/small,*.parquet,unknown,~1500,,MIT,,a test\n"
        "other,dataset,owner/other,*.parquet,unknown,,,MIT,,nothing\n",
        encoding="utf-8",
    )
    script = ROOT / "workflow" / "scripts" / "audit.py"
    rule = RULE.format(published=str(SETTINGS), script=str(script))
    (tmp_path / "Snakefile").write_text('configfile: "config.yaml"\n' + rule, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "audit.md").read_text(encoding="utf-8")
    assert "| ~1.5 kB |" in row_of(page, "small")
    assert "owner/other" not in page
