"""What trainings and trials took so far, beside the estimates of as many epochs."""

from pathlib import Path

from lionrank.audit import page as audit
from lionrank.files import write_json_lines
from tests.support.audits import SEARCH, SEARCHES, facts_of, merged, row_of, write_log


def test_before_anything_ran_nothing_is_said_of_what_it_took():
    page = audit.page(facts_of(merged()))
    assert page.startswith("# Audit of the experiment, before it runs\n\n")
    assert "device hours" not in page


def test_what_trainings_took_stands_beside_their_estimates(tmp_path):
    """Of all epochs, and of those so far; the ratio is to the estimate of as many."""
    whole = [{"device_hours": 2.0, "jobs": 3, "repeated_steps": 40}, {}, {"device_hours": 3.0}]
    logs = [
        *(write_log(tmp_path, f"gte_lion_e{n}", **one) for n, one in enumerate(whole, start=1)),
        *(write_log(tmp_path, f"gte_adamw_e{n}", devices="2 x NVIDIA A100") for n in (1, 2)),
    ]
    facts = facts_of(merged(), logs=logs)
    page = audit.page(facts)
    estimated = {each["name"]: each["gpu_hours"] for each in facts["trainings"]}
    assert page.startswith("# Audit of the experiment\n\n")
    assert "| device hours that trainings took so far, section 2 | 8.00 |" in page
    hours = estimated["gte_lion"]
    assert row_of(page, "gte_lion", "all 3") == (
        f"| gte_lion | all 3 | 5 | 40 | 1 x NVIDIA A100 | {hours:.2f} | 6.00 | {6 / hours:.2f} |"
    )
    hours = estimated["gte_adamw"]
    assert row_of(page, "gte_adamw", "2 of 3 so far") == (
        "| gte_adamw | 2 of 3 so far | 2 | 0 | 2 x NVIDIA A100 "
        f"| {hours:.2f} | 2.00 | {2 / (hours * 2 / 3):.2f} |"
    )
    assert row_of(page, "minilm_lion", "none so far").endswith(" | - | - |")


def test_a_training_that_stopped_early_is_compared_over_the_epochs_that_it_had(tmp_path):
    logs = [*(write_log(tmp_path, f"gte_lion_e{n}") for n in (1, 2))]
    logs.append(left_out(tmp_path, "gte_lion_e3"))
    facts = facts_of(merged(), logs=logs)
    (hours,) = [each["gpu_hours"] for each in facts["trainings"] if each["name"] == "gte_lion"]
    row = row_of(audit.page(facts), "gte_lion", "2 of 3 before it stopped early")
    assert row.endswith(f" | 2.00 | {2 / (hours * 2 / 3):.2f} |")


def test_a_training_of_which_one_seed_stopped_early_goes_on_with_the_others(tmp_path):
    logs = [write_log(tmp_path, "gte_lion_e1"), write_log(tmp_path, "gte_lion_e2")]
    logs += [left_out(tmp_path, "gte_lion_e3"), write_log(tmp_path, "gte_lion_s13_e1")]
    config = merged({"grid": {"seeds": [12, 13]}})
    assert row_of(audit.page(facts_of(config, logs=logs)), "gte_lion", "3 of 6 so far")
    logs += [left_out(tmp_path, f"gte_lion_s13_e{n}") for n in (2, 3)]
    page = audit.page(facts_of(config, logs=logs))
    assert row_of(page, "gte_lion", "3 of 6 before it stopped early")


def test_a_training_without_an_estimate_has_no_ratio(tmp_path):
    logs = [write_log(tmp_path, "gte_lion_e1")]
    row = row_of(
        audit.page(facts_of(merged(), logs=logs, sizes={})),
        "gte_lion",
        "1 of 3 so far",
    )
    assert row.endswith("| not estimated | 1.00 | - |")


def test_what_trials_took_stands_beside_their_estimate(tmp_path):
    names = ("t0000000a_e1", "t0000000a_e2", "t0000000b_e1", "t00000000_e1")
    logs = [write_log(tmp_path, f"minilm_lion_{name}") for name in names]
    facts = facts_of(merged({"search": SEARCH}), searches=SEARCHES, logs=logs)
    page, (search,) = audit.page(facts), facts["searches"]
    assert "| device hours that trainings and trials took so far, section 2 | 4.00 |" in page
    hours = search["training_hours"]
    assert row_of(page, "trials of minilm_lion") == (
        "| trials of minilm_lion | 4 of 8 so far | 4 | 0 | 1 x NVIDIA A100 "
        f"| {hours:.2f} | 4.00 | {4 / (hours / 2):.2f} |"
    )


def test_trials_that_do_not_go_on_are_no_reason_for_a_search_to_be_over(tmp_path):
    trials = [*SEARCHES["minilm_lion"]["trials"], *SEARCHES["minilm_lion"]["untuned"]]
    names = [f"minilm_lion_{trial}" for trial in trials]

    def row(logs):
        facts = facts_of(merged({"search": SEARCH}), searches=SEARCHES, logs=logs)
        return row_of(audit.page(facts), "trials of minilm_lion")

    logs = [write_log(tmp_path, f"{name}_e1") for name in names]
    logs += [left_out(tmp_path, f"{name}_e2") for name in names[:2]]
    assert "| 5 of 8 so far |" in row(logs)
    logs += [write_log(tmp_path, f"{name}_e2") for name in names[3:]]
    assert "| 7 of 8 so far |" in row(logs)
    assert "| all 8 |" in row([*logs, write_log(tmp_path, f"{names[2]}_e2")])
    # Three of the four diverged, so that the better half is one.
    assert "| 7 of 8 as trials diverged |" in row([*logs, left_out(tmp_path, f"{names[2]}_e2")])


def left_out(folder: Path, name: str) -> Path:
    """Write the log of an epoch that was left out."""
    write_json_lines(folder / f"{name}.jsonl", [])
    return folder / f"{name}.jsonl"
