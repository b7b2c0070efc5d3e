"""Numbers as papers print them, and where an experiment has them."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from lionrank import parquet
from lionrank.audit.explain import Number, explain, find
from lionrank.errors import UserError
from lionrank.evaluation.means import means
from lionrank.files import write_json
from lionrank.jobs import records
from tests.support.results import (
    AT_BEST,
    AVERAGED,
    FAST,
    GRID,
    MIXED,
    NOTHING_TRAINED,
    averages_of,
    experiment,
    made_up_scores,
    means_in,
    per_query_table,
    plain,
    seeded_table,
    write_means,
)

# Three epochs that differ in nothing.
LEVEL = dict.fromkeys(("gte_lion_e1", "gte_lion_e2", "gte_lion_e3"), 0.4)


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("0.4068", "0.40677788"),
        (".4068", "0.40677788"),
        ("-0.073", "-0.07309142"),
        ("\N{MINUS SIGN}.073", "-0.07309142"),
        ("0.0000", "-0.00001"),
        ("1,977", "1977"),
        ("1.2e-05", "0.0000123"),
    ],
)
def test_a_number_stands_for_what_is_printed_so(printed, value):
    assert Number.of(printed).stands_for(value)


@pytest.mark.parametrize(
    ("printed", "value"),
    [("0.4068", "0.4069"), ("0.407", "0.4"), ("1.2e-05", "0.0"), ("0.4", ""), ("0.4", "nan")],
)
def test_a_number_stands_for_nothing_else(printed, value):
    assert not Number.of(printed).stands_for(value)


@pytest.mark.parametrize("text", ["", "much", "nan", "inf", "0.4.1"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(UserError, match="no number"):
        Number.of(text)


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "paper" / "tables" / "results.csv"
    path.parent.mkdir(parents=True)
    path.write_text("model,map\nminilm,0.25\n")
    return path


def test_a_cell_is_found_by_line_and_column(table):
    assert find("results:2:map").stands_for("0.25")


@pytest.mark.parametrize(
    "text", ["results:3:map", "results:2:ndcg", "results:x:map", "other:2:map"]
)
def test_a_cell_that_is_not_there_is_refused(table, text):
    with pytest.raises(UserError, match=text.partition(":")[0]):
        find(text)


def test_a_number_that_is_nowhere_is_refused(table):
    with pytest.raises(UserError, match=r"0\.75"):
        explain(Number.of("0.75"))


WINNING = """\
test_set,window,stride,system,candidates,documents,windows,several,first,beyond,median_place
long,512,256,minilm_lion_e1,relevant,41,3.2,32,0.375,0.28125,0.5
long,512,256,minilm_lion_e1,all,80,3.1,64,0.5,0.375,0.4
short,512,256,minilm_lion_e1,relevant,41,1.0,0,,,
"""


@pytest.mark.parametrize(
    ("printed", "line", "told"),
    [
        ("62.5", 2, ["32 relevant candidates", "is another one than the first"]),
        ("28.1", 2, ["32 relevant candidates", "begins beyond the first 512 tokens"]),
        ("37.5", 3, ["64 candidates in", "begins beyond the first 512 tokens"]),
    ],
)
def test_a_percentage_of_winning_windows_is_explained(table, printed, line, told):
    Path("results").mkdir()
    Path("results/winning_windows.csv").write_text(WINNING)
    (block,) = explain(Number.of(printed)).split(f"{printed} is")[1:]
    for words in (*told, f"minilm_lion_e1 on long (results/winning_windows.csv:{line})"):
        assert words in " ".join(block.split())


def test_a_mean_of_a_system_of_others_is_explained_by_its_own_topics(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # As if it had been trained here, and its checkpoint were not called so.
    table = per_query_table({"bm25": 0.4, "authors": 0.5}, NOTHING_TRAINED, queries=4)
    Path("results").mkdir()
    parquet.write("results/per_query.parquet", table)
    averaged = means(table, FAST)
    averaged.to_csv("results/metrics.csv", index=False)
    mine = averaged[(averaged["system"] == "authors") & (averaged["metric"] == "ndcg_cut_10")]
    told = explain(Number.of(f"{mine['mean'].item():.12f}"))
    assert "is the mean ndcg_cut_10 of authors" in told
    values = table[(table["system"] == "authors") & (table["metric"] == "ndcg_cut_10")]
    for qid, value in zip(values["qid"], values["value"], strict=True):
        assert f"{qid} {value:.4f}" in told


def test_the_best_epoch_is_explained_by_the_training_of_that_epoch(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = experiment(tmp_path / "made", made_up_scores(1), layout=AT_BEST)
    averaged, epoch = means_in(tmp_path / "made"), made.chosen["gte_lion"]
    Path("results").mkdir()
    averaged.to_csv("results/metrics.csv", index=False)
    (tmp_path / "made" / "per_query.parquet").rename("results/per_query.parquet")
    checkpoints = {f"checkpoints/gte_lion_e{each}": "train_epoch" for each in (1, 2, 3)}
    links = {
        **checkpoints,
        "checkpoints/gte_lion_best": "best_checkpoint",
        "results/given/gte_lion_best.trec": "rerank",
        "results/per_query/given.parquet": "per_query",
    }
    below: dict[str, str] = {}
    for path, rule in links.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(path)
        settings = {"settings": {"epochs": int(path[-1])}} if rule == "train_epoch" else {}
        records.write([path], rule, {} if path in checkpoints else below, settings)
        found = {path: records.digest(records.measured(path))}
        below = {**below, **found} if path in checkpoints else found
    row = averaged[(averaged["test_set"] == "given") & (averaged["system"] == "gte_lion_best")]
    told = explain(Number.of(f"{row['mean'].item():.12f}"))
    assert f"checkpoints/gte_lion_e{epoch} was trained with epochs {epoch}." in told
    assert f"training/gte_lion_e{epoch}.jsonl" in told


def test_settings_that_a_search_chose_are_told_with_the_file_of_the_choice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    experiment(tmp_path / "made", made_up_scores(1))
    Path("results").mkdir()
    means_in(tmp_path / "made").to_csv("results/metrics.csv", index=False)
    (tmp_path / "made" / "per_query.parquet").rename("results/per_query.parquet")
    write_json("training/gte_lion.point.json", {"betas": [0.9, 0.95], "learning_rate": 3e-5})
    settings = {
        "learning_rate": None,
        "optimizer": {"class": "Lion", "arguments": {"betas": None}},
        "seed": 12,
    }
    links: dict[str, tuple[str, dict]] = {
        "training/gte_lion.point.json": ("choose_settings", {}),
        "checkpoints/gte_lion_e2": ("train_epoch", {"settings": settings}),
        "results/gte_lion_e2.trec": ("rerank", {}),
        "results/per_query/pydocs.parquet": ("per_query", {}),
    }
    before: dict[str, str] = {}
    for path, (rule, params) in links.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
        records.write([path], rule, before, params)
        before = {path: records.digest(records.measured(path))}
    rows = means_in(tmp_path / "made").set_index(["test_set", "system", "metric"])["mean"]
    mean = rows["pydocs", "gte_lion_e2", "ndcg_cut_10"]
    told = " ".join(explain(Number.of(f"{mean.item():.12f}")).split())
    assert "trained with learning_rate 3e-05, " in told and "'betas': [0.9, 0.95]" in told
    assert "A search chose betas and learning_rate: " in told
    assert "training/gte_lion.chosen.json has all trials." in told


def test_a_mean_over_seeds_is_explained_by_the_mean_and_the_run_file_of_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    experiment(tmp_path, made_up_scores(1), seeds=(12, 13), spread=0.2)
    Path("results").mkdir()
    (tmp_path / "per_query.parquet").rename("results/per_query.parquet")
    means_in(tmp_path).astype({"seed": "Int64"}).to_csv("results/metrics.csv", index=False)
    (tmp_path / "over_seeds.csv").rename("results/over_seeds.csv")
    averaged = pd.read_csv("results/over_seeds.csv")
    runs = [f"results/gte_lion{seed}_e2.trec" for seed in ("", "_s13")]
    for path in (*runs, "results/per_query/pydocs.parquet"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(path)
    read = {path: records.digest(records.measured(path)) for path in runs}
    records.write(["results/per_query/pydocs.parquet"], "per_query", read, {})
    rows = averaged[(averaged["test_set"] == "pydocs") & (averaged["metric"] == "ndcg_cut_10")]
    row = rows.set_index("system").loc["gte_lion_e2"]
    told = explain(Number.of(f"{row['mean']:.12f}"))
    assert "is the mean ndcg_cut_10 of gte_lion_e2\non pydocs, over 2 seeds" in told
    for seed, path in zip((12, 13), runs, strict=True):
        assert re.search(rf"\n  seed {seed} [\d.]+ \({path}\)\n", told)


def test_a_mean_at_the_chosen_epochs_is_of_these_though_others_are_level(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scores, grid = made_up_scores(1) | LEVEL, replace(GRID, seeds=(12, 13))
    values, chosen = seeded_table(scores, grid)
    for folder in ("results/per_query", "training"):
        Path(folder).mkdir(parents=True)
    write_means(Path("results"), values, chosen, grid, {})
    trainings = ("gte_lion", "gte_lion_s13")
    for name in trainings:
        write_json(f"training/{name}.best.json", {"epoch": chosen[name]})
    runs = [f"results/{name}_e{chosen[name]}.trec" for name in trainings]
    Path("results/per_query/pydocs.parquet").touch()
    records.write(["results/per_query/pydocs.parquet"], "per_query", dict.fromkeys(runs, ""), {})
    averaged = pd.read_csv("results/over_seeds.csv").set_index(["test_set", "metric", "system"])
    told = explain(Number.of(f"{averaged['mean']['pydocs', 'ndcg_cut_10', 'gte_lion_best']:.12f}"))
    (of_best,) = (block for block in told.split("\n\n") if "of gte_lion_best\n" in block)
    assert re.findall(r"seed (\d+) [\d.]+ \((.*)\)", of_best) == [("12", runs[0]), ("13", runs[1])]


@pytest.mark.parametrize(
    ("system", "on"),
    [
        ("gte_lion_e2", {"pydocs": "gte_lion_e2", "more": "gte_lion_e2"}),
        ("first_stage", {"pydocs": "sparse", "more": "dense"}),
    ],
)
def test_an_average_is_explained_by_the_means_of_its_test_sets_and_their_run_files(
    tmp_path, monkeypatch, system, on
):
    monkeypatch.chdir(tmp_path)
    grid = replace(GRID, first_stages=MIXED)
    made = experiment(tmp_path / "made", made_up_scores(1, grid), grid, AVERAGED)
    averages = averages_of(AVERAGED)
    averaged = means_in(tmp_path / "made")
    Path("results").mkdir()
    averaged.to_csv("results/metrics.csv", index=False)
    records.write(
        ["results/metrics.csv"], "metrics", {}, {"averages": averages, "grid": plain(grid)}
    )
    for name in averages["ranked"]:
        place = f"results/per_query/{name}.parquet"
        Path(place).parent.mkdir(exist_ok=True)
        Path(place).touch()
        records.write([place], "per_query", {f"results/{name}/{on[name]}.trec": "0" * 64}, {})
    rows = averaged[averaged["metric"] == "map"]
    (mean,) = rows["mean"][(rows["test_set"] == "ranked") & (rows["system"] == system)]
    told = explain(Number.of(f"{mean:.12f}"))
    assert f"is the mean map of {system}\nby ranked, over 32 topics" in told
    for name, level in averages["ranked"].items():
        is_own = (rows["test_set"] == name) & (rows["system"] == on[name])
        (of_set,) = rows["mean"][is_own & (rows["level"] == level)]
        assert f"  {name} {of_set}" in told
        assert f"(results/{name}/{on[name]}.trec)" in told
    assert made.results.queries["ranked"] == 32
