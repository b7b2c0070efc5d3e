"""Which trainings may stop, and by which scores."""

from lionrank.config.plan import Plan
from lionrank.config.settings import epoch_settings, training_settings, with_point
from lionrank.files import write_json
from tests.support.configs import ROOT, overlaid
from tests.support.plans import BEST_ON_SECOND, PLAN, SEEDED
from tests.support.searches import SEARCHED


def test_only_a_training_that_may_stop_early_waits_for_scores():
    plan = Plan.read(overlaid("training: {models: {gte: {early_stopping: 1}}}"), ROOT)
    scores = plan.early_stopping.scores
    assert scores("gte", "lion", "", "3") == plan.dev_scores("gte", "lion", "", 2)
    assert scores("gte", "lion", "", 1) == []
    assert scores("minilm", "lion", "", "3") == []


def test_nothing_stops_a_training_before_its_third_epoch():
    decision = PLAN.early_stopping.decision
    assert [decision("gte", "lion", "", epoch) for epoch in ("1", "2", "3")] == [
        *([], []),
        "training/gte_lion_e3.stop.json",
    ]


def test_every_seed_stops_and_chooses_by_its_own_development_scores():
    overlay = SEEDED.replace("epochs: 2", "epochs: 3")
    plan = Plan.read(overlaid(overlay, "training: {models: {gte: {early_stopping: 1}}}"), ROOT)
    undecided = plan.early_stopping.undecided
    names = [f"{model}_lion{seed}" for model in ("gte", "minilm") for seed in ("", "_s13", "_s0")]
    assert [*undecided] == [f"{name}_e3" for name in names]
    of_13 = undecided["gte_lion_s13_e3"]
    assert plan.early_stopping.scores(*of_13) == [
        f"training/gte_lion_s13_e{epoch}.dev.json" for epoch in (1, 2)
    ]
    assert plan.early_stopping.decision(*of_13) == "training/gte_lion_s13_e3.stop.json"
    best = BEST_ON_SECOND.replace("[7]", "[7, 13]")
    assert Plan.read(overlaid(best), ROOT).results.run_files("marco_qa_dev") == [
        f"results/marco_qa_dev/{model}_lion{seed}_best.trec"
        for model in ("gte", "minilm")
        for seed in ("", "_s13")
    ]


def test_an_epoch_stays_where_it_was_trained_with_what_a_search_has_chosen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = overlaid(SEARCHED, "grid: {models: [gte], optimizers: [lion, tunedlion]}")
    point = {"learning_rate": 1e-6, "weight_decay": 0.1}
    for name in ("lion", "tunedlion"):
        own = training_settings(config, "gte", name)
        settings = epoch_settings(with_point(own, point if name == "tunedlion" else {}))
        write_json(tmp_path / f"checkpoints/gte_{name}_e3/settings.json", settings)
        write_json(tmp_path / f"training/gte_{name}_e3.stop.json", {"stopped_after": None})
        (tmp_path / f"training/gte_{name}_e3.jsonl").write_text("{}")

    def undecided() -> list[str]:
        return [*Plan.read(config, ROOT).early_stopping.undecided]

    chosen = tmp_path / "training/gte_tunedlion.point.json"
    assert undecided() == ["gte_tunedlion_e3"]
    write_json(chosen, point)
    assert undecided() == []
    write_json(chosen, point | {"weight_decay": 1.0})
    assert undecided() == ["gte_tunedlion_e3"]
