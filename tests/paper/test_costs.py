"""What the prose says of training curves, costs, published systems and claims, in many worlds."""

import re
from collections import Counter

import pytest

from lionrank.measures import Measure
from lionrank.published.scores import PRINTED
from tests.support.papers import TABLE1, TABLE2, relation, sentences
from tests.support.worlds import DEMO_WORLDS, MADE_UP, PUBLISHED_WORLDS, build, number, share

WORLDS = [
    *MADE_UP[:8],
    *PUBLISHED_WORLDS,
    *(pytest.param(name, marks=pytest.mark.slow) for name in DEMO_WORLDS),
]
LOGGED = {
    "loss": "Averaged over the last epoch, Lion's training loss is",
    "held_out": "On held-out pairs and after the last epoch, Lion's loss is",
    "grad_norm": "Lion's gradient norm before clipping, averaged over the last epoch, is",
}
EFFORTS = {
    "Peak memory": (
        "At its peak, a training with Lion needs",
        {
            "more memory than one with AdamW on": "above",
            "less memory than one with AdamW on": "below",
            "as much memory as one with AdamW on": "level with",
        },
    ),
    "Examples": (
        "Lion goes through",
        {
            "more examples a second than AdamW on": "above",
            "fewer examples a second than AdamW on": "below",
            "as many examples a second as AdamW on": "level with",
        },
    ),
    "GPU energy": (
        "Its training takes",
        {
            "more energy than that with AdamW on": "above",
            "less energy than that with AdamW on": "below",
            "as much energy as that with AdamW on": "level with",
        },
    ),
}


@pytest.fixture(params=WORLDS, name="world", scope="module")
def _world(request, tmp_path_factory):
    directory = request.getfixturevalue("demo") if "demo" in request.param else None
    return build(request.param, tmp_path_factory.mktemp("world"), directory)


def logged(world, quantity, training):
    each = world.logged[training]
    value = each.held_out[max(each.held_out)] if quantity == "held_out" else getattr(each, quantity)
    return round(value, 3)


@pytest.mark.parametrize("quantity", LOGGED)
def test_what_lion_logged_stands_to_adamws_as_the_logs_say(world, quantity):
    (sentence,) = sentences(rf"{LOGGED[quantity]} (.+?)\)\. ", world.text)
    said = re.findall(
        r"(above|below|level with) AdamW's on ([\w-]+) \((\d+\.\d{3}) against (\d+\.\d{3})",
        sentence,
    )
    assert [label for _, label, *_ in said] == [model.label for model in world.grid.models]
    for model, (word, _, lion, adamw) in zip(world.grid.models, said, strict=True):
        truth = [logged(world, quantity, f"{model.name}_{o}") for o in ("lion", "adamw")]
        assert [float(lion), float(adamw)] == truth
        assert word == relation(*truth)


def test_the_lower_loss_and_the_higher_score_are_counted_where_they_agree(world):
    agreeing = 0
    for model in world.grid.models:
        losses = [logged(world, "loss", f"{model.name}_{o}") for o in ("lion", "adamw")]
        contrast = world.headline[model.label]
        means = [round(contrast[key], 4) for key in ("left_mean", "right_mean")]
        agreeing += {relation(*losses), relation(*means)} == {"above", "below"}
    pattern = r"the higher nDCG@10 at the chosen epochs on (\w+) (?:backbone|of three)"
    (count,) = sentences(pattern, world.text)
    assert number(count) == agreeing


def test_held_out_losses_are_lowest_at_the_end_as_often_as_is_said(world):
    lowest = 0
    for each in world.logged.values():
        *before, last = [round(loss, 3) for loss in each.held_out.values()]
        lowest += all(last < loss for loss in before)
    said = f"By the loss on held-out pairs, {share(lowest, 6, 'training')} best after the last"
    assert said in world.text


@pytest.mark.parametrize("head", EFFORTS)
def test_what_a_training_takes_stands_as_the_table_of_efficiency_prints_it(world, head):
    start, said = EFFORTS[head]
    found = re.findall(rf"{start} ((?:more|less|fewer|as much|as many) .+?)\. ", world.text)
    cells = {name.strip(): column for name, column in world.efforts.items()}.get(head)
    # Energy is measured on a GPU only.
    assert len(found) == (cells is not None)
    if not found:
        return
    truth = {
        model.label: relation(*(float(cells[f"{model.name}_{o}"]) for o in ("lion", "adamw")))
        for model in world.grid.models
    }
    assert world.by_relation(found[0], said) == truth


def test_the_jobs_and_what_was_repeated_are_those_of_the_measurements(world):
    trainings = world.costs["trainings"].values()
    epochs = [epoch for each in trainings for epoch in each["by_epoch"]]
    jobs = sum(epoch["jobs"] for epoch in epochs)
    steps = sum(epoch["repeated_steps"] for epoch in epochs)
    ((count, all_jobs, rest),) = sentences(
        r"The (\w+) epochs took (\w+) jobs, (.+?interrupted(?:, and .+?)?)\. ", world.text
    )
    assert (number(count), number(all_jobs)) == (len(epochs), jobs)
    if jobs == len(epochs):
        assert rest == "none of which was interrupted"
        return
    lost, made_again = re.fullmatch(r"(\w+) of which w\w+ interrupted, and (.+)", rest).groups()
    assert number(lost) == jobs - len(epochs)
    if not steps:
        assert made_again == "no step was made again"
        return
    again, time = re.fullmatch(r"(\w+) steps were made again \((.+)\)", made_again).groups()
    assert number(again) == steps
    units = {"hour": 3600, "minute": 60, "second": 1}
    said = sum(
        int(value) * units[unit] for value, unit in re.findall(r"\{(\d+)\}\{\\(\w+)\}", time)
    )
    expected = sum(epoch["repeated_seconds"] for epoch in epochs)
    assert said == pytest.approx(expected, abs=0.5)


def test_lions_optimizer_state_is_the_share_of_adamws_that_is_said(world):
    trainings = world.costs["trainings"]
    shares = sorted(
        round(
            100
            * trainings[f"{model.name}_lion"]["optimizer_state_bytes"]
            / trainings[f"{model.name}_adamw"]["optimizer_state_bytes"]
        )
        for model in world.grid.models
    )
    ((least, most),) = sentences(
        r"Lion's optimizer state takes (?:from (\d+) to )?\\qty\{(\d+)\}\{\\percent\} of the",
        world.text,
    )
    assert (int(least or most), int(most)) == (shares[0], shares[-1])


def test_nothing_is_called_significant_that_was_measured_once(world):
    section = world.text[
        world.text.index(r"\subsection{Cost of training}") : world.text.index(
            r"\subsection{Among published systems}"
        )
    ]
    assert "measured once" in section
    assert "ignificant" not in section


def test_the_front_of_cost_and_score_has_the_checkpoints_that_are_said(world):
    points = {}
    for training in world.grid.trainings():
        spent = 0
        for epoch in world.costs["trainings"][training.name]["by_epoch"]:
            spent += epoch["device_hours"]
            name = f"{' with '.join(training.labels)} at epoch {epoch['epoch']}"
            points[name] = spent, world.printed[training.checkpoint(epoch["epoch"])]
    front = [
        name
        for name, (cost, score) in points.items()
        if all(s < score for c, s in points.values() if c < cost)
        and all(c > cost for c, s in points.values() if s > score)
    ]
    found = re.findall(
        r"For (\w+) of the \w+ checkpoints, every cheaper one is lower in nDCG@10 and every higher "
        r"one dearer: from (.+?), the cheapest of them, to (.+?), the highest\.",
        world.text,
    )
    if not found:
        (only,) = sentences(
            r"\. ([^.]+) has the highest nDCG@10, and no other checkpoint costs less", world.text
        )
        assert only.endswith(tuple(front))
        return
    ((count, cheapest, highest),) = found
    assert number(count) == len(front)
    assert points[cheapest][0] == min(cost for cost, _ in points.values())
    assert points[highest][1] == max(score for _, score in points.values())
    assert {cheapest, highest} <= set(front)


def test_the_published_orders_are_those_of_the_published_table(world):
    best: dict[str, dict[str, float]] = {}
    for name, value in TABLE1[Measure("dl19", "ndcg_cut_10")].items():
        model, optimizer, _ = name.split("_")
        of_model = best.setdefault(PRINTED[model], {})
        of_model[PRINTED[optimizer]] = max(value, of_model.get(PRINTED[optimizer], 0))
    (said,) = sentences(r"By its best nDCG@10, (.+?)\. Its tables", world.text)
    parts = re.findall(r"(\w+) is ahead on (.+?)(?:, and|$)", said)
    assert {model: optimizer for optimizer, named in parts for model in best if model in named} == {
        model: max(values, key=values.get) for model, values in best.items()
    }


def test_our_trainings_stand_among_the_published_systems_as_on_dl_2019(world):
    text, systems = world.text, {each.name: float(each.score) for each in TABLE2}
    highest = max(systems.values())
    ((value, named, study),) = sentences(
        r"The highest nDCG@10 among them is (0\.\d+), of (.+?); among the study's own, each at its "
        r"best epoch on the test topics, (.+?) above that\.",
        text,
    )
    assert float(value) == highest
    leaders = [name for name, value in systems.items() if value == highest]
    assert all(name in named for name in leaders)
    assert len(re.split(r", | and ", named)) == len(leaders)
    table = TABLE1[Measure("dl19", "ndcg_cut_10")]
    trainings = {name.rpartition("_e")[0] for name in table}
    own = [max(v for n, v in table.items() if n.startswith(f"{t}_e")) for t in trainings]
    assert study == share(sum(value > highest for value in own), len(own), "training")
    if world.primary != "dl19":
        assert "None of our checkpoints was evaluated on TREC~DL~2019" in text
        assert "the highest value, 0" not in text
        return
    chosen = {
        f"{' with '.join(training.labels)} at epoch {epoch}": world.printed[
            training.checkpoint(epoch)
        ]
        for training in world.grid.trainings()
        for epoch in [world.made.chosen[training.name]]
    }
    top = max(chosen.values())
    ((named, value, above, level),) = sentences(
        r"Of ours, at the epochs that development data chose, (.+?) ha(?:s|ve) the highest value, "
        r"(0\.\d{4}): above (\w+) of the \w+ published systems(?: and level with (\w+))?\.",
        text,
    )
    assert float(value) == top
    assert set(re.split(", | and ", named)) == {n for n, score in chosen.items() if score == top}
    assert number(above) == sum(top > value for value in systems.values())
    assert number(level or "no") == sum(top == value for value in systems.values())
    beyond = sum(score > highest for score in chosen.values())
    assert f"Among ours, {share(beyond, 6, 'training')} above all of them." in text


def test_claims_are_counted_by_their_verdicts(world):
    ours = Counter(claim["ours"]["verdict"] for claim in world.claims)
    (said,) = sentences(r"Of the findings, (.+?)\. ", world.text)
    found = re.findall(
        r"(\w+) (?:is|are) (replicated|contradicted|inconclusive|not testable)", said
    )
    assert {verdict: number(count) for count, verdict in found} == dict(ours)
    published = Counter(claim["published"]["verdict"] for claim in world.claims)
    (said,) = sentences(r"By those values, (.+?)\. ", world.text)
    worded = {
        "holds": r"(\w+) findings? holds?",
        "does not hold": r"(\w+) do(?:es)? not",
        "not testable": r"(\w+) cannot be told",
    }
    counts = {verdict: re.findall(pattern, said) for verdict, pattern in worded.items()}
    assert {v: number(c[0]) for v, c in counts.items() if c} == dict(published)
