"""What the prose says, beside what the table prints and what the tests found, in many worlds."""

import random
import re

import pytest
from papers import (
    GRID,
    SCENARIOS,
    experiment,
    facts_of,
    prose,
    relation,
    sentences,
)

from lionrank.grid import checkpoint
from lionrank.measures import METRICS
from lionrank.results_table import results_table
from lionrank.significance import POWER

WORDS = "no one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905


def number(text):
    text = text.lower()
    return 0 if text == "none" else int(text) if text.isdigit() else WORDS.index(text)


def best_of(scores, model, optimizer):
    return max(scores[checkpoint(model, optimizer, epoch)] for epoch in GRID.epochs)


def models_by_relation(text):
    """Turn "above AdamW on A and B and below AdamW on C" into {"A": "above", ...}."""
    parts = re.split(r"(above|below|level with) AdamW on ", text)[1:]
    labels = r"\b(?:MiniLM|GTE|ModernBERT)\b"
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {label: word for word, rest in pairs for label in re.findall(labels, rest)}


@pytest.fixture(params=SCENARIOS, name="made", scope="module")
def _made(request, tmp_path_factory):
    """An experiment; how much its topics vary decides how much of it is significant."""
    spread = [0.001, 0.01, 0.1][list(SCENARIOS).index(request.param) % 3]
    folder = tmp_path_factory.mktemp("results")
    return experiment(folder, SCENARIOS[request.param], shuffled=True, spread=spread)


@pytest.fixture(name="results", scope="module")
def _results(made):
    return made.results


@pytest.fixture(name="printed", scope="module")
def _printed(made):
    """The primary scores as the table prints them, read back from the table."""
    systems = ["bm25", *GRID.checkpoints()]
    table = results_table(made.results, GRID, made.chosen)
    rows = [line for line in table.splitlines() if " 0." in line]
    return {
        system: float(row.split("&")[3].split()[-1])
        for system, row in zip(systems, rows, strict=True)
    }


@pytest.fixture(name="headline", scope="module")
def _headline(made):
    """The tested contrasts of Lion with AdamW at the chosen epochs, by the model's label."""
    labels = {f"{model.name}_lion": model.label for model in GRID.models}
    return {
        labels[each["left"]["training"]]: each
        for each in made.compared["contrasts"]
        if each["family"] == "optimizers" and each["metric"] == "ndcg_cut_10"
    }


@pytest.fixture(name="losses", scope="module")
def _losses(made):
    dice = random.Random(str(made.chosen))
    names = [f"{model.name}_{optimizer}" for model, optimizer in GRID.trainings()]
    return {name: 0.3 + 0.001 * dice.randrange(3) for name in names}


@pytest.fixture(name="text", scope="module")
def _text(made, losses):
    return prose(facts_of(made, losses))


def test_the_best_checkpoint_is_the_best_and_stands_to_bm25_as_the_table_says(text, printed):
    labels = {model.label: model.name for model in GRID.models}
    checkpoints = {name: score for name, score in printed.items() if name != "bm25"}
    top = max(checkpoints.values())
    winners = {name for name, score in checkpoints.items() if score == top}
    pattern = (
        r"The best checkpoints? in nDCG@10 (?:is|are level:) (.+?),?(?: each)? with (0\.\d{4}), "
        r"(above|below|level with) BM25(?: \((0\.\d{4})\) by (0\.\d{4}))?\."
    )
    for names, score, word, baseline, margin in sentences(pattern, text, at_least=2):
        described = re.findall(r"(\w+) with (\w+) at epoch (\d)", names)
        assert {f"{labels[m]}_{o.lower()}_e{e}" for m, o, e in described} == winners
        assert float(score) == top
        assert word == relation(top, printed["bm25"])
        if baseline:
            assert float(baseline) == printed["bm25"]
            assert float(margin) == pytest.approx(abs(top - printed["bm25"]), abs=1e-9)


def test_the_count_above_bm25_is_the_tables(text, printed):
    baseline = printed["bm25"]
    checkpoints = {name: score for name, score in printed.items() if name != "bm25"}
    above = sum(score > baseline for score in checkpoints.values())
    level = sum(score == baseline for score in checkpoints.values())
    pattern = (
        r"(None|All|\w+)(?: of the)? 18 checkpoints (?:is|are) above BM25"
        r"(?:, and (\w+) (?:is|are) level with it)?\."
    )
    for count, ties in sentences(pattern, text, at_least=2):
        assert (18 if count == "All" else number(count)) == above
        assert number(ties or "no") == level
    by_model = re.findall(r"(\w+) of six with (\w+)", text)
    assert len(by_model) == (3 if above else 0)
    for count, label in by_model:
        mine = [n for n in checkpoints if n.startswith(label.lower() + "_")]
        assert number(count) == sum(checkpoints[name] > baseline for name in mine)
    assert ("Reranking pays in this experiment" in text) == (above == 18)
    assert ("Reranking does not pay" in text) == (above == 0)


def test_lion_and_adamw_stand_as_at_the_epochs_that_development_data_chose(text, made, headline):
    truth = {
        label: relation(round(each["left_mean"], 4), round(each["right_mean"], 4))
        for label, each in headline.items()
    }
    summary = r"at the epochs that development data chose, Lion is (.+?)\. "
    for sentence in sentences(summary, text, at_least=2):
        assert models_by_relation(sentence) == truth
    pattern = (
        r"With (\w+), Lion is (above|below|level with) AdamW \((0\.\d{4}) at epoch (\d) against "
        r"(0\.\d{4}) at epoch (\d); difference \\num\{(-?0\.\d{4})\}, "
        r"interval \\num\{(-?0\.\d{4})\} to \\num\{(-?0\.\d{4})\}, "
        r"\$p (=|<) (?:\\num\{)?(\d\.\d{4})\}?\$\)"
    )
    found = sentences(pattern, text, at_least=3)
    assert [label for label, *_ in found] == [model.label for model in GRID.models]
    for label, word, lion, lion_at, adamw, adamw_at, *numbers, sign, p in found:
        contrast, name = headline[label], label.lower()
        assert word == truth[label]
        assert int(lion_at) == made.chosen[f"{name}_lion"]
        assert int(adamw_at) == made.chosen[f"{name}_adamw"]
        keys = ("left_mean", "right_mean", "difference", "low", "high")
        for key, value in zip(keys, (lion, adamw, *numbers), strict=True):
            assert float(value) == pytest.approx(contrast[key], abs=0.5001e-4)
            assert value != "-0.0000"
        if sign == "=":
            assert float(p) == pytest.approx(contrast["p_holm"], abs=0.5001e-4)
        else:
            assert contrast["p_holm"] < float(p) == 1e-4


def test_significant_is_what_the_corrected_test_says(text, headline):
    significant = [label for label, each in headline.items() if each["p_holm"] < 0.05]
    test = r"\(randomization test over topics, \$p < \\num\{0\.05\}\$ after Holm's correction\)"
    said = sentences(
        rf"(None of these three|All three|The) differences?(?: on ([\w, ]+?))? "
        rf"(?:is|are) significant {test}(?:, the (others are|other is) not)?\.",
        text,
        at_least=2,
    )
    for which, named, others in said:
        assert (which == "None of these three") == (not significant)
        assert (which == "All three") == (len(significant) == 3)
        assert re.findall("MiniLM|GTE|ModernBERT", named) == (
            significant if 0 < len(significant) < 3 else []
        )
        assert others == {0: "", 1: "others are", 2: "other is", 3: ""}[len(significant)]


def test_the_discussion_concludes_no_more_than_is_significant(text, headline):
    significant = {
        label: relation(each["left_mean"], each["right_mean"])
        for label, each in headline.items()
        if each["p_holm"] < 0.05
    }
    discussion = text[text.index("Discussion and Threats") :]
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
            assert re.findall("MiniLM|GTE|ModernBERT", same) == list(significant)
            assert set(re.findall("MiniLM|GTE|ModernBERT", different)) == (
                headline.keys() - significant.keys()
            )


def test_what_could_have_been_shown_is_the_detectable_difference(text, headline):
    ((topics, power, said),) = sentences(
        r"With \\num\{(\d+)\} topics that differ as much as these, the smallest true difference "
        r"that a test finds with a probability of \\num\{(.+?)\} is (.+?)\. ",
        text,
    )
    assert (int(topics), float(power)) == (24, POWER)
    found = {label: float(value) for value, label in re.findall(r"(0\.\d{4}) on (\w+)", said)}
    assert found == {
        label: pytest.approx(each["detectable"], abs=0.5001e-4) for label, each in headline.items()
    }


def test_what_the_best_epoch_on_the_test_topics_would_have_flattered(text, made):
    flattery = {
        each["training"]: round(each["flattery"], 4)
        for each in made.compared["selection"]
        if each["metric"] == "ndcg_cut_10"
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
    labels = {f"{m.name}_{o}": f"{m.label} with {GRID.optimizers[o]}" for m, o in GRID.trainings()}
    assert sorted(re.split(", | and ", named)) == sorted(
        labels[name] for name, value in flattered.items() if value == float(most)
    )


def test_at_the_best_epochs_lion_and_adamw_stand_as_in_the_table(text, printed):
    truth = {
        m.label: relation(best_of(printed, m.name, "lion"), best_of(printed, m.name, "adamw"))
        for m in GRID.models
    }
    (sentence,) = sentences(r"At the best epochs in [^,]+, Lion would be (.+?)\. ", text)
    assert models_by_relation(sentence) == truth


def test_the_families_are_counted_as_tested(text, made):
    def significant(family, sign=0):
        return sum(
            each["p_holm"] < 0.05 and sign * each["difference"] >= 0
            for each in made.compared["contrasts"]
            if each["family"] == family and each["metric"] == "ndcg_cut_10"
        )

    (models,) = sentences(r"those between backbones among them: (\w+) of six differences", text)
    assert number(models) == significant("models")
    (epochs,) = sentences(r"tab:byepoch\}\), (\w+) of nine differences between optimizers", text)
    assert number(epochs) == significant("optimizers_by_epoch")
    ((above, below),) = sentences(
        r"At the chosen epochs, (\w+) of the six trainings (?:is|are) significantly above BM25, "
        r"and (\w+) (?:is|are) significantly below it",
        text,
    )
    assert number(above) == significant("first_stage", 1)
    assert number(below) == significant("first_stage", -1)


def test_topics_won_and_lost_are_counted(text, headline):
    pattern = (
        r"With (\w+), Lion has the higher nDCG@10 on (\w+) topics?, AdamW on (\w+), and they are "
        r"equal on (\w+)\."
    )
    for label, *counts in sentences(pattern, text, at_least=3):
        said = [number("no" if count == "none" else count) for count in counts]
        assert said == [headline[label][key] for key in ("wins", "losses", "ties")]


def test_the_tally_at_equal_epochs_is_the_tables(text, printed):
    pairs = [
        relation(printed[f"{m.name}_lion_e{e}"], printed[f"{m.name}_adamw_e{e}"])
        for m in GRID.models
        for e in GRID.epochs
    ]
    (tally,) = sentences(
        r"Of nine comparisons at equal model and epoch [^,]+, Lion is (.+?)\.", text
    )
    said = {w: number(n) for w, n in re.findall(r"(above|below|level with) AdamW in (\w+)", tally)}
    assert said == {word: pairs.count(word) for word in set(pairs)}


def test_the_course_over_epochs_is_the_tables(text, printed):
    curves = {
        (m.label, GRID.optimizers[o]): [printed[checkpoint(m.name, o, e)] for e in GRID.epochs]
        for m, o in GRID.trainings()
    }
    ((last, rising),) = sentences(
        r"(\w+) of the six trainings (?:is|are) best after the last epoch, and (\w+) rises? with",
        text,
    )
    assert number(last) == sum(c[2] > max(c[:2]) for c in curves.values())
    assert number(rising) == sum(c[0] < c[1] < c[2] for c in curves.values())
    pattern = (
        r"(\w+) with (\w+) peaks at epochs? ([\d, and]+) \((0\.\d{4})\) and ends at (0\.\d{4})"
    )
    for label, optimizer, _, best, end in re.findall(pattern, text):
        curve = curves[label, optimizer]
        assert (float(best), float(end)) == (max(curve), curve[2])


def test_what_is_said_of_the_loss_agrees_with_loss_and_tests(text, headline, losses):
    said = sentences(
        r"(above|below|level with) AdamW's with (\w+) \((0\.\d{3}) against (0\.\d{3})\)", text, 3
    )
    agreeing = 0
    for word, label, lion, adamw in said:
        name = label.lower()
        assert float(lion) == round(losses[f"{name}_lion"], 3)
        assert float(adamw) == round(losses[f"{name}_adamw"], 3)
        assert word == relation(float(lion), float(adamw))
        means = (headline[label][key] for key in ("left_mean", "right_mean"))
        scores = relation(*(round(mean, 4) for mean in means))
        agreeing += {word, scores} == {"above", "below"}
    pattern = r"the higher nDCG@10 at the chosen epochs on (\w+) (?:backbone|of three)"
    ((count,),) = [sentences(pattern, text)]
    assert number(count) == agreeing


def test_the_other_columns_agree_with_the_table(results, text):
    primary, *others = results.layout.columns
    best = {column: set(results.best(column)) for column in results.layout.columns}
    winners = results.best(primary, GRID.checkpoints())
    led = [METRICS[c.metric] for c in others if best[c] & set(winners)]
    if "highest value in all other columns" in text:
        assert len(led) == 5
    elif match := re.search(r"it has the highest value in (.+?)\.", text):
        assert [label for label in METRICS.values() if label in match[1]] == led
    elif "does it have the highest value" in text:
        assert led == []
    assert ("No checkpoint reaches BM25 in any measure" in text) == all(
        systems == {"bm25"} for systems in best.values()
    )
