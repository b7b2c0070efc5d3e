import csv
import json
import random
import re
from pathlib import Path

import pytest

from lionrank.errors import UserError
from lionrank.figures import final_losses, loss_figure, read_losses
from lionrank.paper import counted, duration, find, identifier, listed, make_facts, render
from lionrank.tables import (
    METRICS,
    Grid,
    checkpoint,
    collection_table,
    hyperparameters_table,
    read_results,
    results_table,
    setting,
)

PAPER = Path(__file__).parents[1] / "paper"
TEMPLATES = sorted(PAPER.rglob("*.j2"))
TINY = "tiny, untrained start"
GRID = Grid.build(
    models={
        "minilm": {"label": "MiniLM", "start": "pretrained"},
        "gte": {"label": "GTE", "start": TINY},
        "modernbert": {"label": "ModernBERT", "start": TINY},
    },
    optimizers={"adamw": "AdamW", "lion": "Lion"},
    epochs=(1, 2, 3),
)
WORDS = "no one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905

SETTINGS = {
    "start": "pretrained",
    "learning_rate": 2e-5,
    "weight_decay": 0.01,
    "decay_biases_and_norms": True,
    "betas": [0.9, 0.99],
    "schedule": "linear",
    "schedule_steps": None,
    "warmup": 0.1,
    "max_grad_norm": 1.0,
    "global_batch_size": 32,
    "epochs": 3,
    "early_stopping": None,
    "max_length": 128,
    "precision": "bf16",
    "seed": 12,
    "loss": "bce",
}
STATISTICS = {
    "documents": 15873,
    "packages": [
        {"name": "numpy", "version": "1", "documents": 2000},
        {"name": "sqlalchemy_x", "version": "1", "documents": 3000},
    ],
    "topics": {"train": 4000, "dev": 200, "test": 500},
    "judgements": {
        "train": {"1": 210, "2": 4100},
        "dev": {"1": 14, "2": 203},
        "test": {"1": 31, "2": 508},
    },
    "lengths": {"query_words_mean": 9.71, "passage_words_median": 88},
}
PROVENANCE = {
    "git": {"commit": "0123456789abcdef" * 2, "dirty": True, "time": 1_700_000_000},
    "config_sha256": "fedcba9876543210" * 4,
    "python": "3.11.2",
    "packages": {"torch": "2.13.0", "snakemake": "9.27.1"},
    "hardware": {"cpu": "A & B", "cores": 2, "memory_bytes": 8 * 2**30, "gpus": []},
    "stages": {"training": {"jobs": 18, "seconds": 200.4, "peak_bytes": 2 * 2**30}},
    "sources": {},
    "pairs": {"rows": {"train": 3200, "held_out": 0}},
    "run_files": {"results/bm25.trec": "0" * 64, "results/x.trec": "1" * 64},
}


def settings_of(grid):
    return {
        f"{model.name}_{optimizer}": SETTINGS | {"start": model.start}
        for model, optimizer in grid.trainings()
    }


def write_metrics(path, scores, grid=GRID, shuffled=False):
    """Write a metrics file whose primary scores are `scores`.

    The other measures are multiples of them; if `shuffled`, of those of another checkpoint.
    """
    factors = dict(zip(METRICS, (1, 0.9, 0.95, 0.8, 0.7, 0.1), strict=True))
    dice = random.Random(0)
    columns = ("test_set", "system", "model", "optimizer", "epoch", "metric", "value", "queries")
    with open(path, "w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(columns)
        for metric, factor in factors.items():
            checkpoints = [name for name in scores if name != "bm25"]
            values = [scores[name] for name in checkpoints]
            if shuffled and metric != "ndcg_cut_10":
                dice.shuffle(values)
            pairs = [*zip(checkpoints, values, strict=True)]
            for system, value in [*pairs, *((n, scores[n]) for n in scores if n == "bm25")]:
                writer.writerow(["pydocs", system, "", "", 0, metric, value * factor, 500])
    return read_results(path, "pydocs", grid)


def facts_of(results, losses=None, grid=GRID, note="Demonstration.", **changes):
    model = {"pretrained": None, "architecture": {"num_hidden_layers": 2, "hidden_size": 64}}
    return make_facts(
        find(results, grid, losses),
        settings_of(grid),
        PROVENANCE,
        **{
            "paper": {
                "title": "Lion & AdamW",
                "authors": [
                    {"name": "Ada Löve", "affiliation": "R&D"},
                    {"name": "Bo", "affiliation": "C"},
                ],
                "keywords": ["reranking"],
                "note": note,
            },
            "label": "pydocs",
            "collection": "pydocs",
            "training": {"format": "pydocs"},
            "selection": {"summary_characters": [20, 160], "body_characters": [150, 450]},
            "statistics": STATISTICS,
            "backbones": {
                m.name: {"pretrained": "package:a_b/c"} if m.is_pretrained else model
                for m in grid.models
            },
            "retrieval": {"k1": 0.9, "b": 0.4, "depth": 50},
            "pairs": {
                "triplets": 1600,
                "held_out": {"pairs": 0, "by": "query", "seed": 12},
                "random_negatives": 0.5,
                "hardest_rank": 1,
                "negative_depth": 20,
            },
            "relevance_level": 1,
            "smoothing": 0.1,
        }
        | changes,
    )


def prose(facts):
    """Render the paper and return it without comments, with single spaces."""
    lines = [line for line in render(PAPER, facts).splitlines() if not line.startswith("%")]
    return " ".join(" ".join(lines).split())


def made_up_scores(seed, grid=GRID):
    """Return scores of every system; few distinct values, so that ties occur."""
    dice = random.Random(seed)
    levels = dice.choice([2, 4, 50])
    systems = ["bm25", *grid.checkpoints()]
    return {system: 0.3 + 0.01 * dice.randrange(levels) for system in systems}


SCENARIOS = {f"made up {seed}": made_up_scores(seed) for seed in range(30)}
RISING = {name: 0.5 + 0.01 * place for place, name in enumerate(GRID.checkpoints())}
SCENARIOS |= {
    "all above": RISING | {"bm25": 0.4},
    "all below": RISING | {"bm25": 0.9},
    "reversed": {name: 1 - score for name, score in RISING.items()} | {"bm25": 0.4},
    "all level": dict.fromkeys([*RISING, "bm25"], 0.5),
    "only the fifth digit differs": RISING | {"bm25": 0.670001},
}


def relation(left, right):
    return "level with" if left == right else "above" if left > right else "below"


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


def claims(pattern, text, at_least=1):
    found = re.findall(pattern, text)
    assert len(found) >= at_least, f"no sentence matches {pattern}"
    return found


@pytest.fixture(params=SCENARIOS, name="scores", scope="module")
def _scores(request):
    return SCENARIOS[request.param]


@pytest.fixture(name="results", scope="module")
def _results(scores, tmp_path_factory):
    return write_metrics(tmp_path_factory.mktemp("results") / "metrics.csv", scores, shuffled=True)


@pytest.fixture(name="printed", scope="module")
def _printed(results):
    """The primary scores as the table prints them, read back from the table."""
    systems = iter(results.scores)
    rows = [line for line in results_table(results, GRID).splitlines() if " 0." in line]
    return {next(systems): float(row.split("&")[3].split()[-1]) for row in rows}


@pytest.fixture(name="losses", scope="module")
def _losses(scores):
    dice = random.Random(str(scores))
    names = [f"{model.name}_{optimizer}" for model, optimizer in GRID.trainings()]
    return {name: 0.3 + 0.001 * dice.randrange(3) for name in names}


@pytest.fixture(name="text", scope="module")
def _text(results, losses):
    return prose(facts_of(results, losses))


def test_the_best_checkpoint_is_the_best_and_stands_to_bm25_as_the_table_says(text, printed):
    labels = {model.label: model.name for model in GRID.models}
    checkpoints = {name: score for name, score in printed.items() if name != "bm25"}
    top = max(checkpoints.values())
    winners = {name for name, score in checkpoints.items() if score == top}
    pattern = (
        r"The best checkpoints? in nDCG@10 (?:is|are level:) (.+?),?(?: each)? with (0\.\d{4}), "
        r"(above|below|level with) BM25(?: \((0\.\d{4})\) by (0\.\d{4}))?\."
    )
    for names, score, word, baseline, margin in claims(pattern, text, at_least=2):
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
    for count, ties in claims(pattern, text, at_least=2):
        assert (18 if count == "All" else number(count)) == above
        assert number(ties or "no") == level
    by_model = re.findall(r"(\w+) of six with (\w+)", text)
    assert len(by_model) == (3 if above else 0)
    for count, label in by_model:
        mine = [n for n in checkpoints if n.startswith(label.lower() + "_")]
        assert number(count) == sum(checkpoints[name] > baseline for name in mine)
    assert ("Reranking pays in this experiment" in text) == (above == 18)
    assert ("Reranking does not pay" in text) == (above == 0)


def test_lion_and_adamw_stand_as_in_the_table(text, printed):
    truth = {
        m.label: relation(best_of(printed, m.name, "lion"), best_of(printed, m.name, "adamw"))
        for m in GRID.models
    }
    summary = r"best epoch of each training, Lion is (.+?)\. "
    for sentence in claims(summary, text, at_least=2):
        assert models_by_relation(sentence) == truth
    pattern = (
        r"With (\w+), Lion's best is (above|below|level with) AdamW's(?: by (0\.\d{4}))? "
        r"\((0\.\d{4}) at epochs? ([^()]+?) against (0\.\d{4}) at epochs? ([^()]+?)\)"
    )
    found = claims(pattern, text, at_least=3)
    for label, word, margin, lion, lion_at, adamw, adamw_at in found:
        assert word == truth[label]
        for optimizer, value, epochs in (("lion", lion, lion_at), ("adamw", adamw, adamw_at)):
            best = best_of(printed, label.lower(), optimizer)
            assert float(value) == best
            assert re.findall(r"\d", epochs) == [
                str(e) for e in GRID.epochs if printed[f"{label.lower()}_{optimizer}_e{e}"] == best
            ]
        assert float(margin or 0) == pytest.approx(abs(float(lion) - float(adamw)), abs=1e-9)
    same = len(set(truth.values())) == 1
    assert ("is not the same on all backbones" in text) == (not same)


def test_the_tally_at_equal_epochs_is_the_tables(text, printed):
    pairs = [
        relation(printed[f"{m.name}_lion_e{e}"], printed[f"{m.name}_adamw_e{e}"])
        for m in GRID.models
        for e in GRID.epochs
    ]
    (tally,) = claims(r"Of nine comparisons at equal model and epoch, Lion is (.+?)\.", text)
    said = {w: number(n) for w, n in re.findall(r"(above|below|level with) AdamW in (\w+)", tally)}
    assert said == {word: pairs.count(word) for word in set(pairs)}


def test_the_course_over_epochs_is_the_tables(text, printed):
    curves = {
        (m.label, GRID.optimizers[o]): [printed[checkpoint(m.name, o, e)] for e in GRID.epochs]
        for m, o in GRID.trainings()
    }
    ((last, rising),) = claims(
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


def test_what_is_said_of_the_loss_agrees_with_loss_and_table(text, printed, losses):
    said = claims(
        r"(above|below|level with) AdamW's with (\w+) \((0\.\d{3}) against (0\.\d{3})\)", text, 3
    )
    agreeing = 0
    for word, label, lion, adamw in said:
        name = label.lower()
        assert float(lion) == round(losses[f"{name}_lion"], 3)
        assert float(adamw) == round(losses[f"{name}_adamw"], 3)
        assert word == relation(float(lion), float(adamw))
        scores = relation(best_of(printed, name, "lion"), best_of(printed, name, "adamw"))
        agreeing += {word, scores} == {"above", "below"}
    ((count,),) = [claims(r"the higher best nDCG@10 on (\w+) (?:backbone|of three)", text)]
    assert number(count) == agreeing


def test_the_other_measures_agree_with_the_table(results, text):
    best = {metric: set(results.best(metric)) for metric in METRICS}
    winners = results.best("ndcg_cut_10", GRID.checkpoints())
    led = [METRICS[m] for m in METRICS if m != "ndcg_cut_10" and best[m] & set(winners)]
    if "highest value in all other measures" in text:
        assert len(led) == 5
    elif match := re.search(r"it has the highest value in (.+?)\.", text):
        assert [label for label in METRICS.values() if label in match[1]] == led
    elif "does it have the highest value" in text:
        assert led == []
    if "No checkpoint reaches BM25 in any measure" in text:
        assert all(systems == {"bm25"} for systems in best.values())


def test_the_bold_cells_are_the_highest_of_their_columns(results):
    rows = [
        [cell.removesuffix(r"\\").strip() for cell in line.split("&")[3:]]
        for line in results_table(results, GRID).splitlines()
        if " 0." in line
    ]
    assert len(rows) == 19
    for column in zip(*rows, strict=True):
        values = [float(cell.split()[-1]) for cell in column]
        bold = [cell.startswith(r"\bfseries") for cell in column]
        assert bold == [value == max(values) for value in values]


def test_nothing_is_called_significant(text):
    assert "significant" not in text


def test_a_demo_says_so_and_the_full_experiment_does_not(tmp_path):
    results = write_metrics(tmp_path / "metrics.csv", RISING | {"bm25": 0.4})
    demo = prose(facts_of(results))
    captions = re.findall(r"\\caption\{(?:[^{}]|\{[^{}]*\})*\}", demo)
    assert len(captions) == 4
    assert all(r"Demonstration on \texttt{pydocs}" in caption for caption in captions)
    assert sum(TINY in caption for caption in captions) == 3
    assert "not evidence about the published" in demo
    assert "emonstration" not in prose(facts_of(results, note=None))


def test_a_small_grid_reads_well(tmp_path):
    grid = Grid.build(
        {"minilm": {"label": "MiniLM", "start": "pretrained"}}, {"lion": "Lion"}, epochs=[1]
    )
    results = write_metrics(tmp_path / "m.csv", {"bm25": 0.4, "minilm_lion_e1": 0.5}, grid)
    text = prose(facts_of(results, grid=grid))
    assert "one backbone with Lion for one epoch each" in text
    assert "The only checkpoint is above BM25." in text
    assert "AdamW's" not in text
    assert TINY not in text


def test_values_from_outside_are_escaped(tmp_path):
    results = write_metrics(tmp_path / "metrics.csv", RISING | {"bm25": 0.4})
    text = prose(facts_of(results))
    assert r"\title{Lion \& AdamW" in text
    assert r"pdfauthor = {Ada Löve, Bo}" in text
    assert r"\IEEEauthorblockA{R\&D}" in text
    assert r"A \& B" in text
    assert r"\texttt{sqlalchemy\_x}" in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_a_result(path):
    text = path.read_text()
    # Names and formulas that are made of digits and no results.
    for name in (
        r"TREC(?: |~DL~)2019",
        r"SHA-256",
        r"\[:12\]",
        r"100 \*",
        r"\\cite\{.*?\}",
        "works = .*",
    ):
        text = re.sub(name, "", text)
    assert not re.findall(r"\d\.\d", text), "a decimal: take it from the results"
    assert not re.findall(r"\d[ \t]*(?:\\,)?(?:\\%|percent)", text), "a percentage"
    assert not re.findall(r"(?<!@)\b\d{2,}\b", text), "a number: take it from the results"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_names_itself_for_latex_errors(path):
    if path.name != "macros.tex.j2":
        assert path.read_text().startswith(f"% template: {path.relative_to(PAPER)}\n")


def test_every_citation_has_an_entry_and_every_entry_a_citation():
    text = "".join(path.read_text() for path in TEMPLATES)
    cited = {key for keys in re.findall(r"\\cite\{([^<}]+)\}", text) for key in keys.split(",")}
    cited |= set(re.findall(r'": "(\w+\d{4}\w+)"', text))
    entries = set(
        re.findall(r"^@(?!IEEEtranBSTCTL)\w+\{(\w+),", (PAPER / "refs.bib").read_text(), re.M)
    )
    assert cited == entries


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("one\n<< nosuch >>\n", r"main\.tex\.j2, line 2: 'nosuch' is undefined"),
        ("<< paper.nosuch >>", r"line 1: 'dict object' has no attribute 'nosuch'"),
        ("\n<% if %>", r"main\.tex\.j2, line 2: "),
        ('<% include "absent.tex.j2" %>', r"no template absent\.tex\.j2"),
        ("<< paper.note >>", r"line 1: a value is null"),
    ],
)
def test_an_error_in_a_template_names_template_line_and_key(tmp_path, template, message):
    (tmp_path / "main.tex.j2").write_text(template)
    with pytest.raises(UserError, match=message):
        render(tmp_path, {"paper": {"note": None}})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"minilm_lion_e2": None}, "has no ndcg_cut_10.* for minilm_lion_e2"),
        ({"bm25": None}, "for bm25"),
        ({"gte_lion_e1": float("nan")}, "ndcg_cut_10 of gte_lion_e1 is 'nan'"),
        ({"gte_lion_e1": 1.5}, "not a number from 0 to 1"),
    ],
)
def test_incomplete_metrics_are_named(tmp_path, change, message):
    scores = {k: v for k, v in (RISING | {"bm25": 0.4} | change).items() if v is not None}
    with pytest.raises(UserError, match=message):
        write_metrics(tmp_path / "metrics.csv", scores)


def test_hyperparameters_separate_what_differs_from_what_is_shared():
    settings = settings_of(GRID)
    settings["gte_lion"] = settings["gte_lion"] | {"learning_rate": 3e-6, "betas": None}
    head, note = hyperparameters_table(settings, GRID).split(r"\end{tabular}")
    assert r"\num{3e-6} & -- \\" in head
    assert head.count(r"\num{2e-5}") == 5
    assert head.count(TINY) == 2
    assert r"batch size \num{32}" in note
    assert "Learning rate" not in note
    assert r"biases and norms decayed; schedule linear; warm-up \qty{10}{\percent}" in note
    assert "early stopping" not in note
    other = {"warmup": 1000, "decay_biases_and_norms": False, "early_stopping": 2}
    changed = hyperparameters_table(settings | {"gte_lion": settings["gte_lion"] | other}, GRID)
    assert r"\num{3e-6} & not decayed & -- & \num{1000} steps & \num{2} \\" in changed
    assert changed.count(r"& \qty{10}{\percent} & -- \\") == 5
    del settings["gte_lion"]["seed"]
    with pytest.raises(UserError, match="gte_lion: no key 'seed'"):
        hyperparameters_table(settings, GRID)


def test_collection_table_leaves_out_what_is_absent():
    table = collection_table(STATISTICS)
    assert r"Judgements of grade 2 & \num{4100} & \num{203} & \num{508} \\" in table
    assert r"Words in a query, mean &  &  & \num{9.7} \\" in table
    assert "percentile" not in table
    bare = collection_table({"documents": 3, "topics": {"test": 2}})
    assert r"Passages & \num{3} \\" in bare
    with pytest.raises(UserError, match="topics"):
        collection_table({"documents": 3})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2e-5, r"\num{2e-5}"),
        (0.01, r"\num{0.01}"),
        (0.1 + 0.2, r"\num{0.3}"),
        (64, r"\num{64}"),
        (0.0, r"\num{0}"),
        ([0.9, 0.999], r"\num{0.9}, \num{0.999}"),
        (None, "--"),
        ("a_b", r"a\_b"),
    ],
)
def test_setting(value, expected):
    assert setting(value) == expected


def test_words_and_times():
    assert counted(1, "query") == "one query"
    assert counted(2, "query") == "two queries"
    assert counted(18, "checkpoint") == "18 checkpoints"
    assert listed(["A&B", "C", "D"]) == r"A\&B, C and D"
    assert identifier("a/b_c") == r"\texttt{a/\allowbreak{}b\_\allowbreak{}c}"
    assert duration(59.6) == r"\qty{1}{\minute}"
    assert duration(3725) == r"\qty{1}{\hour}~\qty{2}{\minute}"
    assert duration(0.2) == r"\qty{0}{\second}"


@pytest.fixture(name="logs")
def _logs(tmp_path):
    logs = {}
    for model, optimizer in GRID.trainings():
        name = f"{model.name}_{optimizer}"
        logs[name] = [tmp_path / f"{name}_e{epoch}.jsonl" for epoch in GRID.epochs]
        for epoch, path in zip(GRID.epochs, logs[name], strict=True):
            steps = range(10 * (epoch - 1) + 1, 10 * epoch + 1)
            lines = [{"step": s, "epoch": s / 10, "loss": 1 / s, "lr": 0.1} for s in steps]
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return logs


def test_the_loss_figure_has_the_same_bytes_twice(tmp_path, logs):
    outputs = [[tmp_path / f"{name}{ending}" for ending in (".pdf", ".png")] for name in "ab"]
    for paths in outputs:
        loss_figure(logs, GRID, PAPER / "paper.mplstyle", paths)
    for first, second in zip(*outputs, strict=True):
        assert first.read_bytes() == second.read_bytes()
    assert outputs[0][0].read_bytes().startswith(b"%PDF")


def test_losses_are_read_without_evaluations_and_without_epochs_that_were_not_run(tmp_path, logs):
    first, second, third = logs["gte_lion"]
    with open(second, "a", encoding="utf-8") as log:
        log.write('{"step": 20, "epoch": 2.0, "eval_loss": 0.5}\n')
    third.write_text("")
    losses = read_losses([first, second, third])
    assert list(losses["step"]) == list(range(1, 21))
    expected = losses["loss"][10:].mean()
    assert final_losses({"x": [first, second, third]}) == {"x": pytest.approx(expected)}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"step": 1, "epoch": 0.1, "loss": NaN}', "loss at step 1 is nan: the training diverged"),
        ('{"step": 1, "loss": 0.1}', "without a usable value .'epoch'."),
        ("", "no loss was logged"),
    ],
)
def test_a_bad_training_log_is_named(tmp_path, line, message):
    path = tmp_path / "gte_lion_e1.jsonl"
    path.write_text(line and line + "\n")
    with pytest.raises(UserError, match=rf"gte_lion_e1\.jsonl.*{message}"):
        read_losses([path])


def test_a_paper_without_commit_bears_no_date(tmp_path):
    results = write_metrics(tmp_path / "metrics.csv", RISING | {"bm25": 0.4})
    none = {"commit": None, "dirty": None, "time": None}
    facts = facts_of(results)
    assert r"\pdfinfoomitdate" not in prose(facts)
    facts["provenance"] = PROVENANCE | {"git": none}
    text = prose(facts)
    assert r"\pdfinfoomitdate" in text
    assert "no git commit" in text


def test_the_experiment_names_its_sources_and_what_was_held_out(tmp_path):
    results = write_metrics(tmp_path / "metrics.csv", RISING | {"bm25": 0.4})
    commit = "abcdef0123456789" * 2 + "01234567"
    names = {"minilm": "microsoft/MiniLM", "msmarco_triplets": "sentence-transformers/msmarco"}
    facts = facts_of(
        results,
        note=None,
        label="TREC DL 2019",
        collection="msmarco",
        training={"format": "msmarco"},
        backbones={
            model.name: {
                "pretrained": "minilm" if model.is_pretrained else None,
                "architecture": {},
            }
            for model in GRID.models
        },
        pairs={"triplets": 1_000_000, "held_out": {"pairs": 10_000, "by": "query", "seed": 12}},
    )
    facts["provenance"] = PROVENANCE | {
        "sources": {name: {"id": id, "revision": commit} for name, id in names.items()},
        "pairs": {"rows": {"train": 1_990_000, "held_out": 10_000}},
    }
    text = prose(facts)
    assert r"first \num{1000000} triplets" in text
    assert (
        r"Of these \num{2000000} pairs, \num{10000} are held out, with all pairs of their" in text
    )
    assert text.count(rf"at revision \texttt{{{commit[:12]}}}") == 2  # MiniLM's and the triplets'
    assert "of TREC DL 2019" in text


def test_a_collection_without_a_section_of_its_own_has_a_plain_one(tmp_path):
    results = write_metrics(tmp_path / "metrics.csv", RISING | {"bm25": 0.4})
    text = prose(facts_of(results, collection="mine", training={"format": "beir"}))
    assert r"The collection is \texttt{mine}, of \num{15873} passages" in text
