"""What the audit counts."""

from lionrank.config.plan import Plan
from lionrank.files import write_json, write_json_lines
from tests.support.configs import ROOT, overlaid
from tests.support.plans import SMALL
from tests.support.searches import SEARCHED


def test_logs_so_far_are_those_that_exist(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert small.audit.logs_so_far() == {}
    log = tmp_path / "training" / "gte_lion_e2.jsonl"
    log.parent.mkdir()
    log.touch()
    assert small.audit.logs_so_far() == {"training/gte_lion_e2.jsonl": log.stat().st_mtime}


def test_a_reranking_in_shards_has_more_jobs(small):
    assert small.audit.jobs()["rerank"] == 4 * 2
    plan = Plan.read(overlaid(SMALL + "reranking: {shards: 3}"), ROOT)
    assert (plan.audit.jobs()["rerank_shard"], plan.audit.jobs()["join_shards"]) == (24, 8)
    assert "rerank" not in plan.audit.jobs()


def test_a_search_is_told_with_its_trials_and_with_what_it_chose_once_that_is_there(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    plan = Plan.read(overlaid(SEARCHED), ROOT)
    searches = plan.audit.searches()
    assert [*searches] == [*plan.search.choices()]
    told = searches["gte_tunedlion"]
    assert (told["model"], told["optimizer"], told["chosen"]) == ("gte", "tunedlion", None)
    assert (len(told["trials"]), told["dev_sets"]) == (4, [*plan.dev_sets])
    assert told["untuned"] == [plan.search.untuned("gte", "tunedlion")]
    point = {"learning_rate": 1e-5, "weight_decay": 0.1}
    write_json(tmp_path / str(plan.search.chosen_point("gte", "tunedlion")), point)
    assert plan.audit.searches()["gte_tunedlion"]["chosen"] == point
    of_space = "search: {sampler: grid, spaces: {lion: {learning_rate: [2.0e-5, 1.0e-5]}}}"
    told = Plan.read(overlaid(SMALL, of_space), ROOT).audit.searches()["gte_lion"]
    assert (len(told["trials"]), told["untuned"]) == (2, [])


def test_the_jobs_of_a_search_are_those_of_its_trials():
    halved = Plan.read(overlaid(SEARCHED + "  epochs: 3\n  keep: 0.5\n"), ROOT).audit.jobs()
    assert (halved["train_trial"], halved["trial_scores"]) == (4 * 5 * 3, 4 * 5 * 3)
    # Not of the first epoch.
    assert (halved["halving"], halved["choose_settings"]) == (4 * 2, 4)
    assert "halving" not in Plan.read(overlaid(SEARCHED), ROOT).audit.jobs()


def test_the_logs_of_trials_count_so_far(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = Plan.read(overlaid(SEARCHED), ROOT)
    name = f"gte_tunedlion_{plan.search.untuned('gte', 'tunedlion')}_e1.jsonl"
    write_json_lines(tmp_path / "training" / "search" / name, [])
    assert [*plan.audit.logs_so_far()] == [f"training/search/{name}"]
