"""What the prose says, beside what the tables print and what the tests found, in many worlds."""

import re

import pytest

from lionrank.evaluation.significance import POWER
from lionrank.measures import METRICS
from tests.support.papers import relation, sentences
from tests.support.worlds import ADAMW, DEMO_WORLDS, MADE_UP, PUBLISHED_WORLDS, build, number, share

WORLDS = [
    *MADE_UP,
    *PUBLISHED_WORLDS,
    *(pytest.param(name, marks=pytest.mark.slow) for name in DEMO_WORLDS),
]


@pytest.fixture(params=WORLDS, name="world", scope="module")
def _world(request, tmp_path_factory):
    directory = request.getfixturevalue("demo") if "demo" in request.param else None
    return build(request.param, tmp_path_factory.mktemp("world"), directory)


@pytest.fixture(name="text", scope="module")
def _text(world):
    return world.text


@pytest.fixture(name="printed", scope="module")
def _printed(world):
    return world.printed


@pytest.fixture(name="grid", scope="module")
def _grid(world):
    return world.grid


def in_summary_and_results(world, pattern):
    """Return what a pattern finds in the whole text; abstract and results must both have it."""
    for start in (r"\begin{abstract}", r"\section{Results}"):
        sentences(pattern, world.section(start))
    return sentences(pattern, world.text)


def test_the_best_checkpoint_is_the_best_and_stands_to_bm25_as_the_table_says(world, text, grid):
    top, baseline = max(world.checkpoints.values()), world.printed["bm25"]
    described = {
        f"{training.model.label} with {training.treatment.label} at epoch {epoch}": (
            training.checkpoint(epoch)
        )
        for training in grid.trainings()
        for epoch in grid.epochs
    }
    winners = {name for name, score in world.checkpoints.items() if score == top}
    pattern = (
        r"The best checkpoints? in nDCG@10 (?:is|are level:) (.+?),?(?: each)? with (0\.\d{4}), "
        r"(above|below|level with) BM25(?: \((0\.\d{4})\) by (0\.\d{4}))?\."
    )
    for names, score, word, first, margin in in_summary_and_results(world, pattern):
        assert {described[name] for name in re.split(", | and ", names)} == winners
        assert float(score) == top
        assert word == relation(top, baseline)
        if first:
            assert float(first) == baseline
            assert float(margin) == pytest.approx(abs(top - baseline), abs=1e-9)


def test_the_count_above_bm25_is_the_tables(world, text, grid):
    checkpoints, baseline = world.checkpoints, world.printed["bm25"]
    total = len(checkpoints)
    above = sum(score > baseline for score in checkpoints.values())
    level = sum(score == baseline for score in checkpoints.values())
    pattern = (
        rf"(None|All|\w+)(?: of the)? (?:{total}|twelve) checkpoints (?:is|are) above BM25"
        r"(?:, and (\w+) (?:is|are) level with it)?\."
    )
    for count, ties in in_summary_and_results(world, pattern):
        assert (total if count == "All" else number(count)) == above
        assert number(ties or "no") == level
    by_model = re.findall(r"\b(\w+) of (four|six) with ([\w-]+)", text)
    assert len(by_model) == (len(grid.models) if 0 < above < total else 0)
    for (count, all_, label), model in zip(by_model, grid.models, strict=False):
        mine = [score for name, score in checkpoints.items() if name.startswith(f"{model.name}_")]
        assert label == model.label
        assert number(all_) == len(mine)
        assert number(count) == sum(score > baseline for score in mine)
    assert ("Reranking pays in this experiment" in text) == (above == total)
    assert ("Reranking does not pay" in text) == (above == 0)


def test_lion_and_adamw_stand_as_at_the_epochs_that_development_data_chose(world, text, grid):
    truth = {
        label: relation(round(each["left_mean"], 4), round(each["right_mean"], 4))
        for label, each in world.headline.items()
    }
    summary = r"at the epochs that development data chose, Lion is (.+?)\. "
    for sentence in in_summary_and_results(world, summary):
        assert world.by_relation(sentence, ADAMW) == truth
    pattern = (
        r"With ([\w-]+), Lion is (above|below|level with) AdamW \((0\.\d{4}) at epoch (\d) "
        r"against (0\.\d{4}) at epoch (\d); difference \\num\{(-?0\.\d{4})\}, "
        r"interval \\num\{(-?0\.\d{4})\} to \\num\{(-?0\.\d{4})\}, "
        r"\$p (=|<) (?:\\num\{)?(\d\.\d{4})\}?\$\)"
    )
    found = sentences(pattern, text, at_least=len(grid.models))
    assert [label for label, *_ in found] == [model.label for model in grid.models]
    names = {model.label: model.name for model in grid.models}
    for label, word, lion, lion_at, adamw, adamw_at, *numbers, sign, p in found:
        contrast, name = world.headline[label], names[label]
        assert word == truth[label]
        assert int(lion_at) == world.made.chosen[f"{name}_lion"]
        assert int(adamw_at) == world.made.chosen[f"{name}_adamw"]
        keys = ("left_mean", "right_mean", "difference", "low", "high")
        for key, value in zip(keys, (lion, adamw, *numbers), strict=True):
            assert float(value) == pytest.approx(contrast[key], abs=0.5001e-4)
            assert value != "-0.0000"
        if sign == "=":
            assert float(p) == pytest.approx(contrast["p_holm"], abs=0.5001e-4)
        else:
            assert contrast["p_holm"] < float(p) == 1e-4


def test_significant_is_what_the_corrected_test_says(world, text):
    headline = world.headline
    significant = [label for label, each in headline.items() if each["p_holm"] < world.alpha]
    test = r"\(randomization test over topics, \$p < \\num\{0\.05\}\$ after Holm's correction\)"
    said = in_summary_and_results(
        world,
        rf"(None of these three|All three|The) differences?(?: on ([\w, -]+?))? "
        rf"(?:is|are) significant {test}(?:, the (others are|other is) not)?\.",
    )
    for which, named, others in said:
        assert (which == "None of these three") == (not significant)
        assert (which == "All three") == (len(significant) == 3)
        assert world.labels(named) == (significant if 0 < len(significant) < 3 else [])
        assert others == {0: "", 1: "others are", 2: "other is", 3: ""}[len(significant)]


def test_the_discussion_concludes_no_more_than_is_significant(world, text):
    headline = world.headline
    significant = {
        label: relation(each["left_mean"], each["right_mean"])
        for label, each in headline.items()
        if each["p_holm"] < world.alpha
    }
    discussion = text[text.index(r"\section{Discussion}") :]
    assert ("so no preference follows" in discussion) == (not significant)
    if not significant:
        ((reach,),) = [sentences(r"the intervals reach to differences of (0\.\d{4})\.", discussion)]
        bounds = [abs(each[side]) for each in headline.values() for side in ("low", "high")]
        assert float(reach) == pytest.approx(max(bounds), abs=0.5001e-4)
    orders = set(significant.values())
    assert ("depends on the backbone, in differences that are significant" in discussion) == (
        len(orders) > 1
    )
    if len(orders) == 1:
        (order,) = orders
        ((word, rest),) = sentences(
            r"Lion is significantly (above|below) AdamW on (.+?)[.:]", discussion
        )
        assert word == order
        if len(significant) == 3:
            assert rest.startswith("all three backbones")
        else:
            same, different = rest.split("significantly different on")
            assert world.labels(same) == list(significant)
            assert set(world.labels(different)) == headline.keys() - significant.keys()


def test_what_could_have_been_shown_is_the_detectable_difference(world, text):
    ((topics, power, said),) = sentences(
        r"With \\num\{(\d+)\} topics that differ as much as these, the smallest true difference "
        r"that a test finds with a probability of \\num\{(.+?)\} is (.+?)\. ",
        text,
    )
    assert (int(topics), float(power)) == (world.made.results.queries[world.primary], POWER)
    found = {label: float(value) for value, label in re.findall(r"(0\.\d{4}) on ([\w-]+)", said)}
    assert found == {
        label: pytest.approx(each["detectable"], abs=0.5001e-4)
        for label, each in world.headline.items()
    }


def test_what_the_best_epoch_on_the_test_topics_would_have_flattered(world, text, grid):
    flattery = {
        each["training"]: round(each["flattery"], 4)
        for each in world.made.compared["selection"]
        if (each["test_set"], each["metric"]) == (world.primary, "ndcg_cut_10")
    }
    assert len(flattery) == 6
    flattered = {name: value for name, value in flattery.items() if value}
    none = "For no training would the best epoch on the test topics have been better"
    assert (none in text) == (not flattered)
    if not flattered:
        return
    pattern = (
        r"instead of the chosen one, (\w+) of six trainings would look better: by (0\.\d{4}) on "
        r"average over all, and by (0\.\d{4}) at most \((.+?)\)\."
    )
    ((count, mean, most, named),) = sentences(pattern, text)
    assert number(count) == len(flattered)
    assert float(mean) == pytest.approx(sum(flattery.values()) / 6, abs=0.5001e-4)
    assert float(most) == max(flattered.values())
    labels = {each.name: " with ".join(each.labels) for each in grid.trainings()}
    assert sorted(re.split(", | and ", named)) == sorted(
        labels[name] for name, value in flattered.items() if value == float(most)
    )


def test_at_the_best_epochs_lion_and_adamw_stand_as_in_the_table(world, text, grid, printed):
    def best(model, optimizer):
        training = grid.training(f"{model.name}_{optimizer}")
        return max(printed[training.checkpoint(epoch)] for epoch in grid.epochs)

    truth = {m.label: relation(best(m, "lion"), best(m, "adamw")) for m in grid.models}
    (sentence,) = sentences(r"At the best epochs in [^,]+, Lion would be (.+?)\. ", text)
    assert world.by_relation(sentence, ADAMW) == truth


def test_the_families_are_counted_as_tested(world, text, grid):
    def significant(family, sign=0):
        return sum(
            each["p_holm"] < world.alpha and sign * each["difference"] >= 0
            for each in world.contrasts
            if each["family"] == family
        )

    by_epoch = len(grid.models) * len(grid.epochs)
    said = [
        ("those between backbones among them: {} significant.", "models", 0, 6, "difference"),
        (
            r"(Table~\ref{{tab:byepoch}}), {} significant.",
            *("optimizers_by_epoch", 0, by_epoch, "difference"),
        ),
        ("At the chosen epochs, {} significantly above BM25", "first_stage", 1, 6, "training"),
        ("BM25, and {} significantly below it.", "first_stage", -1, 6, "training"),
    ]
    for sentence, family, sign, total, noun in said:
        assert sentence.format(share(significant(family, sign), total, noun)) in text


def test_topics_won_and_lost_are_counted(world, text, grid):
    pattern = (
        r"With ([\w-]+), Lion has the higher nDCG@10 on (\w+) topics?, AdamW on (\w+), and they "
        r"are equal on (\w+)\."
    )
    for label, *counts in sentences(pattern, text, at_least=len(grid.models)):
        said = [number("no" if count == "none" else count) for count in counts]
        assert said == [world.headline[label][key] for key in ("wins", "losses", "ties")]


def test_the_tally_at_equal_epochs_is_the_tables(text, grid, printed):
    pairs = [
        relation(printed[f"{m.name}_lion_e{e}"], printed[f"{m.name}_adamw_e{e}"])
        for m in grid.models
        for e in grid.epochs
    ]
    ((count, tally),) = sentences(
        r"Of (\w+) comparisons at equal model and epoch [^,]+, Lion is (.+?)\.", text
    )
    assert number(count) == len(pairs)
    said = {w: number(n) for w, n in re.findall(r"(above|below|level with) AdamW in (\w+)", tally)}
    assert said == {word: pairs.count(word) for word in set(pairs)}


def test_the_course_over_epochs_is_the_tables(text, grid, printed):
    curves = {
        training.labels: [printed[training.checkpoint(epoch)] for epoch in grid.epochs]
        for training in grid.trainings()
    }
    last = sum(curve[-1] > max(curve[:-1]) for curve in curves.values())
    rising = sum(sorted(set(curve)) == curve for curve in curves.values())
    assert (
        f"{share(last, 6, 'training')} best after the last epoch, and "
        f"{share(rising, 6, 'training', 'rises', 'rise')} with every epoch."
    ) in text
    pattern = (
        r"([\w-]+) with (\w+) peaks at epochs? ([\d, and]+) \((0\.\d{4})\) and ends at (0\.\d{4})"
    )
    found = re.findall(pattern, text)
    assert len(found) == len(curves) - last
    for label, optimizer, at, best, end in found:
        curve = curves[label, optimizer]
        assert (float(best), float(end)) == (max(curve), curve[-1])
        tops = [e for e, score in zip(grid.epochs, curve, strict=True) if score == max(curve)]
        assert [int(epoch) for epoch in re.findall(r"\d", at)] == tops


def test_the_other_columns_agree_with_the_table(world, text):
    results = world.made.results
    primary, *others = results.layout.columns
    best = {column: set(results.best(column)) for column in results.layout.columns}
    winners = results.best(primary, world.grid.checkpoints())
    led = [METRICS[c.metric] for c in others if best[c] & set(winners)]
    if "No checkpoint reaches BM25 in any measure" in text:
        assert all(
            systems == {"bm25"} for c, systems in best.items() if "bm25" in results.scores[c]
        )
    elif len(winners) > 1:
        assert "highest value in" not in text[: text.index("Among published")]
    elif "highest value in all other columns" in text:
        assert len(led) == 5
    elif match := re.search(r"it has the highest value in (.+?)\.", text):
        assert [label for label in METRICS.values() if label in match[1]] == sorted(
            led, key=[*METRICS.values()].index
        )
    else:
        assert "In none of the five other columns does it have the highest value" in text
        assert led == []
