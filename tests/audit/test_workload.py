"""What waits for what in an experiment, and how long all of it takes on so many GPUs."""

from math import fsum

import pytest

from lionrank.audit import page as audit
from lionrank.audit.schedule import Job, Queue
from lionrank.audit.workload import DOWNLOADED, DOWNLOADS, START_UP, makespans, workload
from lionrank.config.plan import Plan
from tests.support.audits import (
    SCORINGS,
    SEARCH,
    SEARCHES,
    SIZES,
    facts_of,
    merged,
    source,
    write_log,
)
from tests.support.configs import ROOT, overlaid
from tests.support.plans import BEST_ON_SECOND, OTHERS, SMALL
from tests.support.searches import SEARCHED

PARTS = ("trainings", "searches", "reranking", "development", "held_out", "teaching")
OF_OTHERS = {f"systems.{name}": SIZES["models.gte"] for name in ("theirs", "mine")}


def long_jobs(config, **given):
    facts = facts_of(config, **given)
    return workload(config, 4e9, *(facts[part] for part in PARTS)).jobs


def after(jobs, name):
    return {*jobs[name].after}


def seconds(jobs, name):
    return jobs[name].seconds - START_UP


@pytest.mark.parametrize(
    "overlays",
    [
        [SMALL],
        [BEST_ON_SECOND],
        [SMALL, "grid: {seeds: [7, 8]}\nreranking: {shards: 3}"],
        [SMALL, OTHERS],
        [SEARCHED],
        [SEARCHED + "  epochs: 3\n"],
        [SCORINGS],
        [SCORINGS, "grid: {every_epoch_on: []}\nreranking: {shards: 3}"],
        [OTHERS, SCORINGS, "grid: {systems: [theirs, mine]}"],
        [OTHERS, SCORINGS, "grid: {systems: [mine], every_epoch_on: []}"],
    ],
)
def test_there_are_as_many_jobs_as_in_the_workflow(overlays, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = overlaid(*overlays)
    plan = Plan.read(config, ROOT)
    again = plan.replication.scored_again()
    sizes = SIZES | OF_OTHERS
    jobs = long_jobs(config, sizes=sizes, searches=plan.audit.searches(), scored_again=again)
    of_rules = ("train_epoch", "dev_scores", "rerank", "rerank_shard", "rerank_again")
    of_rules += ("train_trial", "trial_scores", "score_windows", "score_windows_shard")
    counted = plan.audit.jobs()
    assert len(jobs) == 1 + sum(counted.get(rule, 0) for rule in of_rules)
    assert {name for job in jobs.values() for name in job.after} <= jobs.keys()


def test_epochs_wait_for_one_another_and_nothing_for_their_scores():
    config = merged()
    jobs = long_jobs(config)
    assert jobs[DOWNLOADS] == Job(4e9 / DOWNLOADED, {"network": 1}, local=True)
    assert after(jobs, "gte_lion_e1") == {DOWNLOADS}
    assert after(jobs, "gte_lion_e3") == {"gte_lion_e2"}
    assert after(jobs, "development scores of gte_lion_e3") == {"gte_lion_e3"}
    assert after(jobs, "gte_lion_e2 on dl19") == {"gte_lion_e2"}


def test_all_gpu_hours_are_those_of_the_jobs():
    for given in ({}, {"searches": SEARCHES}):
        config = merged({"search": SEARCH})
        facts = facts_of(config, **given)
        jobs = long_jobs(config, **given)
        work = fsum(seconds(jobs, name) for name, job in jobs.items() if "gpu" in job.needs)
        assert work / 3600 == pytest.approx(facts["all_hours"]["known"])


def test_windows_are_work_of_the_first_test_set_that_has_them():
    jobs = long_jobs(overlaid(SCORINGS))
    assert after(jobs, "gte_lion_e2 on by_first") == {"gte_lion_e2"}
    assert {name for name in jobs if name.endswith("on by_best")} == set()
    apart = long_jobs(overlaid(SCORINGS, "grid: {every_epoch_on: []}"))
    assert "gte_lion_e2 on by_first" in apart and "gte_lion_best on by_best" in apart


def test_what_may_stop_early_waits_for_the_scores_of_the_epoch_before():
    jobs = long_jobs(merged({"training": {"models": {"gte": {"early_stopping": 1}}}}))
    assert after(jobs, "gte_lion_e2") == {"gte_lion_e1"}
    assert after(jobs, "gte_lion_e3") == {"gte_lion_e2", "development scores of gte_lion_e2"}
    assert after(jobs, "minilm_lion_e3") == {"minilm_lion_e2"}


def test_the_best_epoch_is_that_of_all_their_scores():
    jobs = long_jobs(merged({"grid": {"every_epoch_on": []}}))
    scores = {f"development scores of gte_lion_e{epoch}" for epoch in (1, 2, 3)}
    assert after(jobs, "gte_lion_best on dl20") == scores
    assert "gte_lion_e1 on dl20" not in jobs


def test_a_training_waits_for_all_trials_of_its_search():
    jobs = long_jobs(merged({"search": SEARCH}), searches=SEARCHES)
    trials = {name for name in jobs if "trial" in name or "own settings" in name}
    # Four trials and the config's own, of which two and the config's own go on; trained and scored.
    assert len(trials) == 2 * (5 + 3)
    assert after(jobs, "minilm_lion_e1") == trials | {DOWNLOADS}
    assert after(jobs, "minilm_adamw_e1") == {DOWNLOADS}
    halved = {f"scoring minilm_lion, trial {trial}, epoch 1" for trial in (1, 2, 3, 4)}
    assert after(jobs, "minilm_lion, trial 1, epoch 2") == {
        *halved,
        "minilm_lion, trial 1, epoch 1",
    }
    own = "minilm_lion, the config's own settings, epoch"
    assert after(jobs, f"{own} 2") == {f"{own} 1"}
    kept = long_jobs(merged({"search": SEARCH | {"keep": 1.0}}), searches=SEARCHES)
    assert after(kept, "minilm_lion, trial 4, epoch 2") == {"minilm_lion, trial 4, epoch 1"}


def test_complete_epochs_tell_how_long_the_others_take(tmp_path):
    log = write_log(tmp_path, "gte_lion_e1", device_hours=2.0)
    before, jobs = long_jobs(merged()), long_jobs(merged(), logs=[log])
    (training,) = (t for t in facts_of(merged())["trainings"] if t["name"] == "gte_lion")
    more = 2.0 - training["gpu_hours"] / 3
    assert seconds(jobs, "gte_lion_e2") == pytest.approx(
        seconds(before, "gte_lion_e2") + 3600 * more
    )
    assert jobs["gte_adamw_e2"] == before["gte_adamw_e2"]


def test_more_gpus_help_until_the_chain_or_the_queue_is_what_bounds():
    def jobs(trainings, epochs):
        return {
            f"{number}_e{epoch}": Job(3600, {"gpu": 1}, [f"{number}_e{epoch - 1}"] * (epoch > 1))
            for number in range(trainings)
            for epoch in range(1, epochs + 1)
        }

    def told(*arguments):
        return [(row["hours"], row["bound"]) for row in makespans(*arguments)]

    at_once = Queue()
    assert told(jobs(4, 2), at_once) == [(8, "gpu"), (2, "chain"), (2, "chain")]
    assert told(jobs(64, 2), at_once) == [(128, "gpu"), (16, "gpu"), (2, "chain")]
    assert told(jobs(64, 2), Queue(jobs=16)) == [(128, "gpu"), (16, "gpu"), (8, "queue")]
    busy = [row["busy"] for row in makespans(jobs(4, 2), at_once)]
    assert busy == [1, 0.5, 1 / 16]


def test_the_page_tells_how_long_it_takes():
    page = audit.page(facts_of(merged(), source("large", bytes=9e12)))
    rows = [line.split(" | ") for line in page.splitlines() if line.endswith("chain of jobs |")]
    assert [row[0] for row in rows] == ["| 1", "| 8", "| 64"]
    assert "The longest chain, with hours: downloads 50.00, gte_" in page
    assert "`profiles/a100` says: 24 jobs in it at a time" in page
    hours = ", ".join(row[1] for row in rows)
    assert f"| hours from start to end, with 1, 8, 64 GPUs, section 5 | {hours} |" in page


def test_jobs_whose_hours_are_not_known_are_counted_and_told():
    precision = {"training": {"models": {"gte": {"precision": "fp32"}}}}
    facts = facts_of(merged(precision))
    jobs, unknown = facts["long_jobs"]
    # Two trainings of three epochs, each trained, scored, and reranked on four test sets.
    of_gte = 2 * 3 * (1 + 1 + 4)
    assert unknown == {name for name in jobs if "gte" in name} and len(unknown) == of_gte
    assert {jobs[name].seconds for name in unknown} == {START_UP}
    page = audit.page(facts)
    told = f"the hours of {of_gte} of {len(jobs)} jobs are not known, and only their start is"
    assert f"**It takes longer than that**: {told} counted." in page
    assert f", without {of_gte} of {len(jobs)} jobs that are not known |" in page
    page = audit.page(facts_of(merged(), sizes={}))
    assert "How long all of it takes is not estimated, as no GPU hours are known." in page
    assert "with 1, 8, 64 GPUs, section 5 | not estimated |" in page


def test_a_training_waits_for_the_teacher_of_its_data_and_that_for_its_own_training():
    data = "ranks: [1, 200], negatives: any, held_out: {passages: 80, by: query, seed: 12}"
    taught = f"""
grid: {{models: [minilm, modernbert], optimizers: [adamw, taught]}}
objectives: {{ranknet: {{label: RankNet, loss: ranknet}}}}
teachers: {{own: {{label: Own, checkpoint: modernbert_adamw_e3}}}}
training_data:
  own: {{collection: msmarco, ranking: own, examples: 1000, passages: 8, {data}}}
treatments: {{taught: {{label: T, optimizer: adamw, objective: ranknet, data: own}}}}
"""
    jobs = long_jobs(overlaid(taught))
    teacher = "own on training topics of msmarco"
    assert after(jobs, teacher) == {"modernbert_adamw_e3"}
    assert after(jobs, "minilm_taught_e1") == {teacher}
    assert after(jobs, "minilm_adamw_e1") == {DOWNLOADS}
