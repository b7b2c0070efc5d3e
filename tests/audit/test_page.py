"""The audit page: its arithmetic, its marks beside the published settings, what it leaves open."""

import subprocess
import sys

import pytest
import yaml

from lionrank.audit import page as audit
from lionrank.errors import UserError
from lionrank.files import write_json
from tests.support.audits import (
    COMMIT,
    JOBS,
    LION,
    PATHS,
    QUEUE,
    SEARCH,
    SEARCHES,
    SIZES,
    compared,
    facts_of,
    marked,
    merged,
    row_of,
    source,
    write_log,
)

# ---- beside the published settings ----


def test_as_written_has_the_batch_of_the_paper_and_not_of_thesis_and_code():
    page = audit.page(facts_of(merged()))
    row = row_of(page, "global_batch_size", "modernbert_adamw, modernbert_lion")
    assert "| 64 | 64 | **16** ≠ | **192** ≠ (64 on each of 3 devices) |" in row


def test_what_a_source_does_not_say_is_marked_as_inferred_or_stays_open():
    page = audit.page(facts_of(merged("as_run.yaml")))
    inferred = row_of(page, "global_batch_size", "minilm_adamw")
    assert "| 512 | **64** ≠ | **16** ≠ | 512 *inferred* (from checkpoints 3887," in inferred
    said = row_of(page, "global_batch_size", "minilm_lion")
    assert "| 256 | **64** ≠ | **16** ≠ | 256 (on one device) |" in said
    unknown = row_of(page, "global_batch_size", "gte_lion")
    assert "| 256 | **64** ≠ | **16** ≠ | - (not known: " in unknown
    assert "as_run takes 256, that of MiniLM with Lion" in unknown
    written = row_of(audit.page(facts_of(merged())), "restarts", "minilm_lion, gte_lion")
    assert "| never | - | - | **each_epoch** ≠ *inferred* (" in written


def test_as_written_differs_from_the_paper_in_how_pairs_are_held_out_alone():
    assert marked(merged(), "paper") == [("training_pairs.held_out.by", ())]


LAST_BATCH = [("steps_an_epoch", ("modernbert_adamw", "modernbert_lion"))]
"""As the code dropped it on three devices, and it is kept here."""


def test_as_run_does_all_that_the_code_did_but_drop_the_last_batch():
    assert {setting for setting, _ in marked(merged(), "code")} == {
        "global_batch_size",
        "steps_an_epoch",
        "schedule",
        "schedule_steps",
        "warmup",
        "restarts",
        "training_pairs.held_out.by",
        "training_pairs.held_out.seed",
    }
    assert marked(merged("as_run.yaml"), "code") == LAST_BATCH
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
            "defaults": {"weight_decay": 0.5, "global_batch_size": 8, "restarts": "each_epoch"},
            "models": {"gte": {"schedule_steps": 7}},
            "models_and_optimizers": {"modernbert_adamw": other, "modernbert_lion": other},
        },
        "evaluation": {"relevance_level": 2},
    }
    assert marked(merged(distorted), "code") != []
    assert marked(merged(distorted, "as_run.yaml"), "code") == LAST_BATCH


def test_a_change_to_one_training_is_marked_for_that_training_alone():
    changed = merged({"training": {"models_and_optimizers": {"gte_lion": {"learning_rate": 3e-6}}}})
    assert ("learning_rate", ("gte_lion",)) in marked(changed, "paper")
    page = audit.page(facts_of(changed))
    changed = row_of(page, "learning_rate", "gte_lion")
    assert "| 3e-6 | **2e-5** ≠ | **2e-5** ≠ | **2e-5** ≠ *inferred* (" in changed
    others = row_of(page, "learning_rate", "minilm_adamw, gte_adamw")
    assert "| 2e-5 | 2e-5 | 2e-5 | - (" in others


def test_a_number_is_the_same_however_it_is_written():
    assert marked(merged({"training": {"defaults": {"max_grad_norm": 1}}}), "thesis") == marked(
        merged(), "thesis"
    )


def test_every_setting_of_the_table_is_one_of_ours():
    assert [row.setting for row in compared(merged()) if not row.set_here] == []


def test_trainings_that_are_not_in_the_grid_are_not_compared():
    rows = compared(merged({"grid": {"models": ["minilm"]}}))
    assert {name for row in rows for name in row.trainings} == {"minilm_adamw", "minilm_lion"}


NANO_FEVER = """
collections:
  nano_fever: {format: nanobeir, source: nano_fever}
dev_sets:
  nano_fever: {label: Fever, collection: nano_fever, topics: test}
"""

# ---- the page ----


def test_what_the_table_does_not_pin_is_shown_with_what_was_fetched():
    sources = [source("known"), source("open", revision=None), source("begun", revision=None)]
    page = audit.page(facts_of(merged(), *sources, recorded={"known": COMMIT, "begun": "1" * 40}))
    assert f"| `{COMMIT}` |" in row_of(page, "known")
    assert "| **unpinned**, recorded on first download |" in row_of(page, "open")
    assert f"| **unpinned**, fetched at `{'1' * 40}` |" in row_of(page, "begun")
    assert "| sources whose commit the table does not pin | 2 of 3: open, begun |" in page
    assert "`snakemake pin` writes them into the table" in page
    pinned = audit.page(facts_of(merged(), source("known")))
    assert "pin" not in pinned.split("## 2")[0]


def test_collections_that_ir_datasets_downloads_are_told_with_their_place():
    page = audit.page(facts_of(merged(), catalogued={"vaswani": ["vaswani"]}))
    assert "The collection vaswani (vaswani) is downloaded by ir_datasets" in page
    assert "Nothing is downloaded" not in page
    row = row_of(page, "downloads of vaswani")
    assert row.endswith("| not estimated | vaswani | cache of ir_datasets |")


def test_averages_are_told_with_their_test_sets_and_those_that_the_grid_lacks():
    deep = {"label": "Deep Learning", "test_sets": ["dl19", "dl20"]}
    config = merged({"averages": {"deep": deep, "all": {**deep, "test_sets": ["dl19", "pydocs"]}}})
    page = audit.page(facts_of(config))
    assert "The average deep gives each of dl19, dl20 the same weight." in page
    assert "**The average all is left out**: the grid lacks pydocs." in page
    assert "The average" not in audit.page(facts_of(merged()))


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
        audit.collect(
            *(merged(), {}, ["msmarcoo"], {LION: {}}, {}, {}, JOBS, []),
            *({}, {}, PATHS, {}, {}, QUEUE),
        )


def test_jobs_are_listed_and_summed():
    page = audit.page(facts_of(merged()))
    assert row_of(page, "train_epoch") == "| train_epoch | 18 |"
    assert "| together | 24 |" in page


def test_trainings_show_settings_and_steps():
    page = audit.page(facts_of(merged("as_run.yaml")))
    assert (
        "| modernbert_lion | 2e-6 | cosine | 93,750 (set) | 75% | 0.0 (0 steps) | never | 0.01 "
        "| 1.0 | 192 | 512 | bf16 | 12 | bce | never |" in page
    )
    assert (
        "| minilm_lion | 2e-5 | linear | 7,774 | 0% | 0.1 (778 steps) | each_epoch | 0.01 "
        "| 1.0 | 256 | 512 | bf16 | 12 | bce | never |" in page
    )
    assert "| 1,990,000 | 10,365 | 31,095 | 3 |" in page


def test_a_warmup_in_steps_an_undecayed_group_and_early_stopping_are_shown():
    changes = {"warmup": 1000, "decay_biases_and_norms": False, "early_stopping": 2}
    page = audit.page(facts_of(merged({"training": {"models": {"gte": changes}}})))
    row = row_of(page, "gte_lion", "2e-5")
    assert "| 1,000 steps | never | 0.01, not of biases and norms | 1.0 |" in row
    assert row.endswith("| bce | after 2 epochs that are not better |")
    assert row_of(page, "decay_biases_and_norms", "gte_adamw, gte_lion") == (
        "| decay_biases_and_norms | gte_adamw, gte_lion | false | - | - | **true** ≠ *inferred* "
        "(as in the scripts that are stored) |  |"
    )


def test_a_search_is_told_with_its_budget_its_price_and_what_it_chose():
    rate = {"audit": {"rate": {"gpu_hour": 2.0, "currency": "EUR"}}}
    facts = facts_of(merged({"search": SEARCH}, rate), searches=SEARCHES)
    page, (search,) = audit.page(facts), facts["searches"]
    hours = search["gpu_hours"]
    told = f"| GPU hours of searching settings, 4 trials in 1 search | {hours:.2f}; {2 * hours:.2f}"
    assert told in page
    assert "2 epochs on a share of 0.5 of the examples; after each, a share of 0.5 of the" in page
    tried = "learning_rate 1e-7 to 0.0001 (log), schedule none or linear"
    row = row_of(page, "minilm_lion", tried, "4 and the config's own", "995,000", "8")
    assert row.endswith("| not yet |")
    point = {"learning_rate": 3e-6, "schedule": "linear"}
    chosen = {"minilm_lion": SEARCHES["minilm_lion"] | {"chosen": point}}
    page = audit.page(facts_of(merged({"search": SEARCH}), searches=chosen))
    row = row_of(page, "minilm_lion", tried)
    assert row.endswith("| learning_rate 3e-6, schedule linear |")
    shown = row_of(page, "minilm_lion", "3e-6", "linear")
    assert "| 0% |" in shown


def test_a_setting_that_is_yet_to_be_chosen_is_set_beside_the_published_one_as_searched():
    facts = facts_of(merged({"search": SEARCH}), searches=SEARCHES)
    row = row_of(audit.page(facts), "learning_rate", "minilm_lion")
    assert row.startswith("| learning_rate | minilm_lion | searched | **2e-5** ≠ |")
    chosen = {"minilm_lion": SEARCHES["minilm_lion"] | {"chosen": {"learning_rate": 3e-6}}}
    facts = facts_of(merged({"search": SEARCH}), searches=chosen)
    row = row_of(audit.page(facts), "learning_rate", "minilm_lion")
    assert row.startswith("| learning_rate | minilm_lion | 3e-6 | **2e-5** ≠ |")


def test_without_a_search_the_page_tells_of_none():
    page = audit.page(facts_of(merged()))
    assert "search" not in page and "trial" not in page


def test_what_cannot_be_estimated_is_said_and_nothing_else_is_lost():
    config = merged()
    config["audit"] |= {"test_sets": {}, "collections": {}}
    page = audit.page(facts_of(config, sizes={}, uncounted={"models.gte": "out of reach."}))
    assert (
        "parameters of models.gte are not known**, and no estimate that hangs on them: out of"
        in page
    )
    assert "| GPU hours of 6 trainings | not estimated |" in page
    assert row_of(page, "dl19").endswith(
        "| not estimated | 1,000 | not estimated | not estimated | not estimated |"
    )
    assert "| 1,990,000 | 31,094 | 93,282 | 3 | not estimated |" in page


def test_a_teacher_may_have_the_name_of_a_model():
    sizes = SIZES | {"teachers.gte": {"parameters": 123_456_789, "encoder": 1_234_567}}
    page = audit.page(facts_of(merged(), sizes=sizes))
    assert "| models.gte | 305,959,681 | 113,329,152 |" in page
    assert "| teachers.gte | 123,456,789 | 1,234,567 |" in page


RATE = {"audit": {"rate": {"currency": "USD", "gpu_hour": 250}}}


def test_hours_are_priced_by_part_and_in_all_where_a_rate_is_named():
    facts = facts_of(merged(RATE))
    page = audit.page(facts)
    parts = {
        "of 6 trainings": facts["training_hours"],
        "of reranking 4 test sets": facts["reranking_hours"],
        "of scoring development data": facts["development_hours"],
    }
    known = [each["known"] for each in parts.values()]
    for part, hours in zip(parts, known, strict=True):
        assert f"| GPU hours {part} | {hours:.2f}; {250 * hours:,.2f} USD |" in page
    assert f"| GPU hours, all together | {sum(known):.2f}; {250 * sum(known):,.2f} USD |" in page
    assert "at 250.00 USD each" in page
    page = audit.page(facts_of(merged()))
    assert f"| GPU hours, all together | {sum(known):.2f} |" in page
    assert "EUR" not in page


def test_what_is_not_known_of_the_hours_is_counted_beside_their_price():
    precision = {"training": {"models": {"gte": {"precision": "fp32"}}}}
    facts = facts_of(merged(RATE, precision))
    hours = facts["training_hours"]["known"]
    told = f"{hours:.2f}, without 2 of 6 that are not known; {250 * hours:,.2f} USD"
    assert f"| GPU hours of 6 trainings | {told} |" in audit.page(facts)
    precision = {"training": {"defaults": {"precision": "fp32"}}}
    page = audit.page(facts_of(merged(RATE, precision)))
    assert "| GPU hours of 6 trainings | not estimated |" in page


def test_the_speed_at_another_precision_is_not_guessed():
    config = merged({"training": {"models": {"gte": {"precision": "fp32"}}}})
    hours = {t["name"]: t["gpu_hours"] for t in facts_of(config)["trainings"]}
    assert hours["gte_lion"] is None
    assert hours["minilm_lion"] is not None


@pytest.mark.parametrize("epochs", [0, 1])
@pytest.mark.parametrize("overlays", [(), ("as_run.yaml",), ("demo.yaml",)])
def test_no_page_prints_a_python_none_or_a_ragged_table(tmp_path, overlays, epochs):
    logs = [write_log(tmp_path, f"gte_lion_e{epoch + 1}") for epoch in range(epochs)]
    unsized = source("open", revision=None, bytes=None)
    page = audit.page(facts_of(merged(*overlays), unsized, logs=logs))
    assert "None" not in page
    tables = [block.splitlines() for block in page.split("\n\n") if block.startswith("|")]
    assert len(tables) > 8
    for table in tables:
        columns = {line.replace(r"\|", "").count("|") for line in table}
        assert len(columns) == 1, table[0]


def test_a_size_that_nobody_knows_is_not_estimated():
    assert audit.size(2_170_758_745) == "2.17 GB"
    assert audit.size(None) == "not estimated"


def test_the_audit_imports_nothing_heavy():
    heavy = {"torch", "transformers", "pandas", "pyserini", "numpy"}
    code = f"import sys, lionrank.audit.page; print({heavy} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"


@pytest.mark.slow
def test_the_command_writes_the_page(snakemake, tmp_path):
    write_log(tmp_path / "training", "gte_lion_e1", device_hours=1.5)
    record = {"id": "sentence-transformers/NanoNQ-bm25", "revision": COMMIT}
    file = {"bytes": 3, "sha256": "0" * 64}
    lock = tmp_path / "sources" / "nano_nq.lock.json"
    write_json(lock, record | {"files": {"corpus/train-0.parquet": file}})
    overlay = "grid: {dev_sets: [nano_nq, nano_fever]}\n" + NANO_FEVER
    done = snakemake("audit", overlay=overlay)
    assert done.returncode == 0, done.stdout
    page = (tmp_path / "audit.md").read_text(encoding="utf-8")
    fetched, other = (
        next(line for line in page.splitlines() if line.startswith(f"| {name} | ["))
        for name in ("nano_nq", "nano_fever")
    )
    assert f"| **unpinned**, fetched at `{COMMIT}` | ~2.22 MB |" in fetched
    assert "| **unpinned**, recorded on first download | unknown |" in other
    assert "NanoMSMARCO" not in page
    assert row_of(page, "gte_lion", "1 of 2 so far").split(" | ")[6] == "1.50"
    assert f"| working directory (`--directory`) | {tmp_path} |" in page
    lock.write_text("{")
    told = snakemake("audit", overlay=overlay)
    assert told.returncode == 1
    assert "nano_nq.lock.json is damaged" in told.stdout


def test_without_a_study_that_has_settings_nothing_is_set_beside_ours():
    page = audit.page(facts_of(merged(), studies=()))
    assert "Beside the published work" not in page
    assert "differs from the paper" not in page and "skfrost" not in page
    page = audit.page(facts_of(merged()))
    assert "Beside the published work" in page and "skfrost19" in page


def test_trainings_that_stand_for_none_of_a_study_are_named_and_not_set_beside_it():
    told = "These stand for none of its trainings, and are not compared: "
    page = audit.page(facts_of(merged()))
    assert told not in page
    alone = {"minilm_lion": "minilm_lion", "minilm_adamw": "minilm_adamw", "gte_lion": "gte_lion"}
    page = audit.page(facts_of(merged(), alike=alone))
    assert f"{told}gte_adamw, modernbert_adamw, modernbert_lion.\n" in page
    with pytest.raises(ValueError):
        row_of(page, "learning_rate", "modernbert_lion")
    assert row_of(page, "learning_rate", "minilm_adamw")


def test_each_study_has_its_own_sources_beside_ours(tmp_path):
    mine = {"blog": "on its authors' page", "code": "at their repository"}
    content = yaml.safe_load((LION / "study.yaml").read_text())
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content | {"label": "M", "sources": mine}))
    rows = "setting,training,blog,code,note\nlearning_rate,*_lion,1e-3,-,\n"
    (tmp_path / "settings.csv").write_text(rows)
    page = audit.page(facts_of(merged(), studies=(LION, tmp_path)))
    assert "| differs from the blog (M) in | learning_rate |" in page
    assert "| differs from the code (M) in | nothing that it says |" in page
    assert "| differs from the thesis (Lion and AdamW) in |" in page
    assert "| setting | trainings | ours | blog | code | note |" in page
    assert "| setting | trainings | ours | paper | thesis | code | note |" in page
