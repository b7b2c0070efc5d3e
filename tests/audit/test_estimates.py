"""What an experiment will take: the arithmetic of steps, GPU hours and bytes."""

import csv

import pytest
from transformers import TrainingArguments

from lionrank.audit import estimates
from lionrank.audit import page as audit
from lionrank.config.scorings import Division
from tests.support.audits import (
    CONFIG,
    LION,
    SCORINGS,
    SEARCH,
    SEARCHES,
    SIZES,
    facts_of,
    merged,
    row_of,
)
from tests.support.configs import overlaid

DATA = {
    "collection": "msmarco",
    "examples": 1000,
    "passages": 8,
    "threshold": 1,
    "ranks": [1, 200],
    "negatives": "any",
    "random_negatives": 0.0,
    "margin": None,
    "exclude": False,
    "seed": 12,
    "held_out": {"passages": 80, "by": "query", "seed": 12},
}


def test_the_last_smaller_batch_of_an_epoch_is_a_step():
    assert estimates.pairs_of(CONFIG, "pairs") == (2_000_000, 10_000)
    assert estimates.steps_of_epoch(1_990_000, 64) == 31_094
    assert estimates.steps_of_epoch(1_990_000, 192) == 10_365
    assert estimates.steps_of_epoch(192, 64) == 3


def test_a_step_has_whole_examples():
    assert estimates.steps_of_epoch(1_990_000, 64, 8) == estimates.steps_of_epoch(1_990_000, 64)
    # One list of 50 a step, and not 64 of its passages.
    assert estimates.steps_of_epoch(490_000, 64, 50) == 9_800
    assert estimates.steps_of_epoch(490_000, 128, 50) == 4_900


def test_the_published_steps_are_those_of_dropped_batches_on_three_devices():
    batches = 1_990_000 // 64
    assert batches // 3 == 10_364
    (row,) = [row for row in steps_by_row() if row["training"] == "modernbert_*"]
    assert row["code"].startswith(f"{batches // 3} (")
    assert row["note"].endswith("= 10,365.")


def steps_by_row():
    with (LION / "settings.csv").open(encoding="utf-8", newline="") as handle:
        return [row for row in csv.DictReader(handle) if row["setting"] == "steps_an_epoch"]


def test_the_published_steps_are_those_of_the_inferred_batches_alone():
    """Of runs on one device, which keep the last batch."""
    for training, steps, batch in (("minilm_adamw", 3887, 512), ("gte_adamw", 15_547, 128)):
        (row,) = [row for row in steps_by_row() if row["training"] == training]
        assert row["code"].startswith(f"{steps} (")
        fitting = [b for b in range(1, 1025) if estimates.steps_of_epoch(1_990_000, b) == steps]
        assert fitting == [batch]


def test_what_restarts_is_laid_out_over_an_epoch():
    trainings = {each["name"]: each for each in facts_of(merged("as_run.yaml"))["trainings"]}
    lion, adamw = trainings["minilm_lion"], trainings["minilm_adamw"]
    assert (lion["steps_an_epoch"], lion["steps"]) == (7774, 3 * 7774)
    assert (lion["schedule_steps"], lion["warmup_steps"]) == (7774, 778)
    assert (adamw["steps_an_epoch"], adamw["steps"]) == (3887, 11_661)
    assert (adamw["schedule_steps"], adamw["warmup_steps"]) == (11_661, 1167)
    assert lion["end_of_schedule"] == adamw["end_of_schedule"] == 0
    longer = merged("as_run.yaml", {"training": {"models": {"minilm": {"schedule_steps": 15_548}}}})
    (half,) = [t for t in facts_of(longer)["trainings"] if t["name"] == "minilm_lion"]
    assert half["end_of_schedule"] == pytest.approx(7774 / (15_548 - 1555))


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
    operations = 6 * 110_330_880 * tokens * 1_990_000 * 3
    assert training["gpu_hours"] == pytest.approx(operations / reached / 3600)

    (dl19,) = [t for t in facts["reranking"] if t["name"] == "dl19"]
    encoders = 21_293_568 + 113_329_152 + 110_330_880
    operations = 2 * encoders * 2 * 3 * tokens * 43 * 1000
    assert dl19["scored"] == 43 * 1000 * 18
    assert dl19["gpu_hours"] == pytest.approx(operations / reached / 3600)


def test_what_is_done_with_every_seed_is_counted_with_each():
    one, three = (facts_of(merged({"grid": {"seeds": seeds}})) for seeds in ([12], [12, 13, 14]))
    for alone, seeded in zip(one["trainings"], three["trainings"], strict=True):
        for key in ("steps", "jobs", "gpu_hours", "bytes", "bytes_with_cards"):
            assert seeded[key] == pytest.approx(3 * alone[key])
        for key in ("steps_an_epoch", "schedule_steps", "bytes_within_epoch"):
            assert seeded[key] == alone[key]
        assert seeded["names"] == [alone["name"] + seed for seed in ("", "_s13", "_s14")]
    for kind in ("reranking", "development"):
        for alone, seeded in zip(one[kind], three[kind], strict=True):
            assert (seeded["pairs"], seeded["scored"]) == (alone["pairs"], 3 * alone["scored"])
    assert three["reranking_hours"]["known"] == pytest.approx(3 * one["reranking_hours"]["known"])


def test_marco_qa_has_its_own_number_of_candidates():
    facts = facts_of(merged())
    (row,) = [t for t in facts["reranking"] if t["name"] == "marco_qa_dev"]
    assert (row["topics"], row["candidates"]) == (10_047, 8.2)
    assert row["pairs"] == pytest.approx(82_385.4)
    printed = row_of(audit.page(facts), "marco_qa_dev", "marco_qa")
    start = "| marco_qa_dev | marco_qa | of the collection | 10,047 | 8.2 | 82,385 |"
    assert printed.startswith(start)


def test_other_first_stages_and_their_depths_are_those_of_their_sets():
    files = {"dl19": "dl19.trec", "dl20": "dl20.trec.gz"}
    config = merged(
        {
            "first_stages": {
                "splade": {"label": "SPLADE | max", "run_files": files},
                "unused": {"label": "Unused", "bi_encoder": "./bi"},
            },
            "test_sets": {"dl19": {"first_stage": "splade", "depth": 100}},
        }
    )
    page = audit.page(facts_of(config))
    printed = row_of(page, "dl19", "msmarco")
    assert printed.startswith(r"| dl19 | msmarco | SPLADE \| max | 43 | 100 | 4,300 |")
    assert row_of(page, "dl20", "msmarco").startswith("| dl20 | msmarco | BM25 | 200 | 1,000 |")
    taken = "run files dl19.trec (dl19), dl20.trec.gz (dl20)"
    assert row_of(page, "splade").endswith(f"| {taken} |")
    assert "| unused |" not in page


def test_the_best_epoch_alone_is_a_third_of_the_work_of_three():
    everywhere, at_best = (
        facts_of(merged({"grid": {"every_epoch_on": names}})) for names in (["dl20"], ["dl19"])
    )
    before, after = (
        {each["name"]: each for each in facts["reranking"]} for facts in (everywhere, at_best)
    )
    for name, epochs in (("dl19", 3), ("dl20", 1), ("marco_dev", 1)):
        assert after[name]["scored"] == 6 * epochs * after[name]["pairs"]
    assert after["dl20"]["gpu_hours"] == pytest.approx(before["dl20"]["gpu_hours"] / 3)
    said = "the best epoch alone is evaluated on dl20, marco_qa_dev, marco_dev"
    assert said in audit.page(at_best)


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
    held_out = 2 * encoders * 3 * 87 * 10_000 / reached / 3600
    (of_pairs,) = facts["held_out"]
    assert of_pairs["gpu_hours"] == pytest.approx(held_out)
    page = audit.page(facts)
    assert row_of(page, "nano_nq", "nano_nq").startswith(
        "| nano_nq | nano_nq | of the collection | 50 | 100 | 5,000 | 90,000 |"
    )
    assert "| held out of pairs | msmarco | - | - | - | 10,000 | 180,000 |" in page
    hours = sum(work["gpu_hours"] for work in facts["development"]) + held_out
    assert f"| GPU hours of scoring development data | {hours:.2f} |" in page


def test_what_teachers_score_is_counted_once_each():
    config = merged(
        {
            "grid": {"optimizers": ["adamw", "ranknet", "infonce"]},
            "objectives": {
                "ranknet": {"label": "RankNet", "loss": "ranknet"},
                "infonce": {
                    "label": "InfoNCE",
                    "loss": "infonce",
                    "arguments": {"temperature": 0.5},
                },
            },
            "teachers": {
                "own": {"label": "Own", "checkpoint": "modernbert_adamw_e3"},
                "bi": {"label": "Bi", "bi_encoder": "./bi"},
            },
            "training_data": {name: DATA | {"ranking": name} for name in ("own", "bi")},
            "treatments": {
                "ranknet": {
                    "label": "R",
                    "optimizer": "adamw",
                    "objective": "ranknet",
                    "data": "own",
                },
                "infonce": {
                    "label": "I",
                    "optimizer": "adamw",
                    "objective": "infonce",
                    "data": "bi",
                },
            },
        }
    )
    facts = facts_of(config)
    own, other = facts["teaching"]
    pairs = 502_939 * 200
    assert (own["name"], own["pairs"], other["name"], other["pairs"]) == ("own", pairs, "bi", pairs)
    gpu = CONFIG["audit"]["gpu"]
    reached = gpu["bf16_tflops"] * 1e12 * gpu["utilisation"]
    expected = 2 * 110_330_880 * 87 * pairs / reached / 3600
    assert own["gpu_hours"] == pytest.approx(expected)
    assert other["gpu_hours"] is None
    page = audit.page(facts)
    assert f"| GPU hours of teachers | {expected:.2f}, without 1 of 2 that is not known |" in page
    assert "3 models x 3 treatments x 3 epochs" in page
    assert "| infonce, temperature 0.5 |" in row_of(page, "gte_infonce", "2e-5")
    (row,) = [row for row in page.splitlines() if row.startswith("| gte_ranknet | `torch.optim.")]
    assert " | own | " in row
    (row,) = [row for row in facts["disk"] if "teachers" in row["what"]]
    assert row["bytes"] == pairs * 345


REACHED = 312e12 * 0.3 * 3600
"""Operations in an hour."""
SMALL, LARGE = 2 * 21_293_568, 2 * (113_329_152 + 110_330_880)
"""The encoders of a model of 512 positions, and of those of 8,192, with each optimizer."""


def test_documents_are_scored_in_the_tokens_of_their_windows_and_windows_once():
    facts = facts_of(overlaid(SCORINGS))
    works = {each["name"]: each for each in facts["reranking"]}
    windows = Division(64, 32).windows(1000)
    tokens = sum(end - begin for begin, end in windows) + 12 * len(windows)
    pairs, hours = 43 * 1000, {name: each["gpu_hours"] for name, each in works.items()}
    expected = 2 * (SMALL + LARGE) * 3 * tokens * pairs / REACHED
    assert hours["by_first"] == pytest.approx(expected)
    assert hours["by_best"] == 0
    # Sixteen windows that do not overlap, of the best epoch alone.
    expected = 2 * (SMALL + LARGE) * (1000 + 16 * 12) * pairs / REACHED
    assert hours["by_mean"] == pytest.approx(expected)
    expected = 2 * (SMALL * 512 + LARGE * 1012) * pairs / REACHED
    assert hours["in_full"] == pytest.approx(expected)
    # Each has run files.
    assert [each["scored"] for each in works.values()] == [18 * pairs, 18 * pairs] + 2 * [6 * pairs]


def test_dev_sets_are_scored_as_they_say_and_pairs_cut_where_a_training_cuts_them():
    cut = "training: {models: {gte: {max_length: 256}}, defaults: {max_length: 2048}}"
    facts = facts_of(overlaid(SCORINGS, cut))
    (nano_nq,) = [each for each in facts["development"] if each["name"] == "nano_nq"]
    expected = 2 * (SMALL * 512 + LARGE * 900) * 3 * 5_000 / REACHED
    assert nano_nq["gpu_hours"] == pytest.approx(expected)
    (held_out,) = facts["held_out"]
    assert dict(held_out["hours_of_one"])["gte_lion"] == pytest.approx(
        2 * 113_329_152 * 256 * 10_000 / REACHED
    )
    hours = {each["name"]: each["gpu_hours"] for each in facts["trainings"]}
    for name, encoder, tokens in (("gte", 113_329_152, 256), ("modernbert", 110_330_880, 1012)):
        expected = 6 * encoder * tokens * 1_990_000 * 3 / REACHED
        assert hours[f"{name}_lion"] == pytest.approx(expected)
    search = facts_of(overlaid(SCORINGS, cut), searches=SEARCHES)["searches"][0]
    expected = 2 * 21_293_568 * search["epochs"] * (512 * 5_000 + 1012 * 10_000) / REACHED
    assert search["scoring_hours"] == pytest.approx(expected)


def test_a_teacher_reads_as_much_as_its_checkpoint():
    taught = """
teachers: {own: {label: Own, checkpoint: ./theirs, max_length: 300}}
training_data:
  own: {collection: msmarco, ranking: own, examples: 1000, passages: 8, ranks: [1, 200],
    negatives: any, held_out: {passages: 80, by: query, seed: 12}}
objectives: {ranknet: {label: RankNet, loss: ranknet}}
treatments: {taught: {label: T, optimizer: adamw, objective: ranknet, data: own}}
grid: {optimizers: [adamw, taught]}
"""
    sizes = SIZES | {"teachers.own": SIZES["models.gte"]}
    (teaching,) = facts_of(overlaid(SCORINGS, taught), sizes=sizes)["teaching"]
    expected = 2 * 113_329_152 * 300 * teaching["pairs"] / REACHED
    assert teaching["gpu_hours"] == pytest.approx(expected)


def test_the_page_tells_windows_and_tokens_of_what_has_a_scoring():
    page = audit.page(facts_of(overlaid(SCORINGS)))
    assert row_of(page, "by_first", "first_p", "64", "32").endswith(" | - |")
    assert row_of(page, "by_best", "max_p", "64", "32").endswith(" | by_first |")
    assert row_of(page, "by_mean", "mean_p", "64", "64", "16", "1,192")
    assert row_of(page, "in_full", "full", "-", "-", "-", "512 to 1,012")
    assert row_of(page, "nano_nq", "full", "-", "-", "-", "512 to 900")
    assert row_of(page, "msmarco", "1,012", "1,000") and row_of(page, "nano_nq", "900", "-")
    assert "windows a document" not in audit.page(facts_of(merged()))


def test_windows_of_documents_of_unknown_length_are_not_estimated():
    config = overlaid(SCORINGS)
    del config["audit"]["collections"]["msmarco"]["tokens_per_document"]
    facts = facts_of(config)
    hours = {each["name"]: each["gpu_hours"] for each in facts["reranking"]}
    assert hours["by_first"] is hours["by_mean"] is None
    assert hours["in_full"] is not None
    row = row_of(audit.page(facts), "by_mean", "mean_p", "64", "64")
    assert row.endswith("| not estimated | not estimated | - |")


def test_a_search_trains_a_share_of_the_pairs_in_fewer_trials_from_epoch_to_epoch():
    facts = facts_of(merged({"search": SEARCH}), searches=SEARCHES)
    (search,) = facts["searches"]
    # Four trials, then the better half of them; and the config's own settings in both epochs.
    assert (search["epochs"], search["jobs"], search["pairs"]) == (4 + 2 + 2, 5 * 2, 995_000)
    gpu = CONFIG["audit"]["gpu"]
    reached = gpu["bf16_tflops"] * 1e12 * gpu["utilisation"]
    encoder = 8 * 21_293_568
    training = 6 * encoder * 87 * 995_000 / reached / 3600
    scoring = 2 * encoder * (122 * 5_000 + 87 * 10_000) / reached / 3600
    assert search["training_hours"] == pytest.approx(training)
    assert search["scoring_hours"] == pytest.approx(scoring)
    assert facts["search_hours"]["known"] == pytest.approx(training + scoring)
    alone = facts_of(merged())["all_hours"]["known"]
    assert facts["all_hours"]["known"] == pytest.approx(alone + training + scoring)
    # A weight and its momentum.
    (row,) = [row for row in facts["disk"] if row["what"].startswith("checkpoints of trials")]
    assert row["bytes"] == 5 * 4 * 2 * 33_360_385
    assert facts["disk_total"]["known"] == facts_of(merged())["disk_total"]["known"] + row["bytes"]


def test_a_search_of_an_unknown_size_is_not_estimated():
    (search,) = facts_of(merged({"search": SEARCH}), searches=SEARCHES, sizes={})["searches"]
    assert (search["gpu_hours"], search["bytes"], search["epochs"]) == (None, None, 8)


def test_without_dev_sets_the_page_says_so():
    page = audit.page(facts_of(merged({"grid": {"dev_sets": []}})))
    assert "each epoch scored on no dev set." in page
    assert "nano" not in page


def test_lion_keeps_half_of_the_optimizer_state():
    kept = {t["name"]: t["bytes"] for t in facts_of(merged())["trainings"]}
    weights = 4 * 305_959_681
    assert kept["gte_adamw"] == weights * (4 + 3 * 2)
    assert kept["gte_lion"] == weights * (4 + 3 * 1)


def test_the_states_within_an_epoch_are_two_and_the_one_that_is_written():
    sizes = {
        each["name"]: estimates.training_work(CONFIG, SIZES, *each["name"].split("_"))
        for each in facts_of(CONFIG)["trainings"]
    }
    weights = SIZES["models.gte"]["parameters"]
    assert sizes["gte_adamw"]["bytes_within_epoch"] == 3 * 4 * 3 * weights
    assert sizes["gte_lion"]["bytes_within_epoch"] == 3 * 4 * 2 * weights
    (row,) = [row for row in facts_of(CONFIG)["disk"] if row["what"] == "states within an epoch"]
    assert row["bytes"] == max(size["bytes_within_epoch"] for size in sizes.values())


def test_totals_add_what_is_known_and_count_what_is_not():
    assert estimates.total([1, None, 2, None]) == {"known": 3, "missing": 2, "of": 4}
    assert estimates.total([None])["known"] is None
    assert estimates.total([]) == {"known": 0, "missing": 0, "of": 0}
