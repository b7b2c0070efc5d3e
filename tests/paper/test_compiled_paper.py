"""The scripts of the paper, from run files to the PDF, without Snakemake."""

import json
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from math import nan
from pathlib import Path

import pandas as pd
import pytest

from lionrank.claims import decide as claims
from lionrank.claims import file as claim_file
from lionrank.claims.evidence import Data, Ours, Published
from lionrank.config.check import check
from lionrank.evaluation import per_query
from lionrank.evaluation.ladders import Ladder
from lionrank.grid import FirstStage, Grid, Model
from lionrank.measures import METRICS
from lionrank.paper.latex import compile_pdf
from lionrank.paper.results import Layout
from lionrank.published.scores import read_scores
from lionrank.published.study import Study
from tests.support.choices import SPACE, search_of
from tests.support.configs import CONFIG, SCHEMA, SOURCES
from tests.support.papers import (
    OBJECTIVES,
    PAPER,
    PROVENANCE,
    params_of,
    printed_first_stages,
    settings_of,
)
from tests.support.published_as_measured import BOTH
from tests.support.rankings import best_files, draw, write_paper
from tests.support.results import (
    AVERAGED_SETS,
    BESIDE_OTHERS,
    CONTRASTS,
    FAST,
    GRID,
    LABELS_OF_CONTRASTS,
    LADDER,
    LEARNING,
    MIXED,
    NOTHING_TRAINED,
    RANKED,
    TEST_SETS,
    THREE_SIZES,
    TUNED,
    TWO_TEST_SETS,
    means_file,
)
from tests.support.said import Said
from tests.support.scored import DOCS, SCORINGS, with_scorings
from tests.support.sized import ETTIN, OPTIMIZERS, PARAMETERS, sized
from tests.support.worlds import STOPPED, stopped_grid

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed"),
]
STAND_INS = {"dl19": "pydocs", "marco_qa_dev": "given"}


def decide(
    folder: Path,
    grid: Grid = GRID,
    published: Mapping[str, Published] = BOTH,
    stand_ins: Mapping[str, str] = STAND_INS,
) -> dict:
    """Decide the claims of a study, if nothing else is said of Lion and AdamW, on an experiment."""
    table = folder / "results" / "per_query.parquet"
    primary = next(iter(published.values()))
    ours = Ours(
        per_query=per_query.read(table, best_files(folder, grid), grid),
        grid=grid,
        levels={"pydocs": 1, "given": 1},
        stand_ins=stand_ins,
        logs={
            each.name: [folder / f"training/{name}.jsonl" for name in each.checkpoints()]
            for each in grid.seeded()
        },
        settings=settings_of(grid),
        encoders=PARAMETERS,
        shared={"pydocs": (16, 1), "given": (16, 0)},
        data={each.name: Data(str(each.data), str(each.data)) for each in grid.treatments},
    )
    found = claim_file.read(PAPER / "published" / primary.study.name / "claims.yaml", primary)
    return claims.decide(found, published, ours, FAST)


def write(folder: Path, grid: Grid, **params) -> None:
    """Write the paper of a made-up experiment with one seed, and all that it takes."""
    draw(folder, grid)
    write_paper(folder, decide(folder, grid), grid, **params)


def compiled(folder: Path) -> tuple[str, str]:
    """Compile the paper in a folder, and return its LaTeX and the text of its pages.

    It has no overfull box, and takes the tables and figures that were made, and nothing else.
    """
    paper = folder / "paper"
    source, pdf = paper / "main.tex", paper / "main.pdf"
    assert compile_pdf(source, pdf, folder / "latex.log", PAPER / "refs.bib", 1_700_000_000) == []
    latex = source.read_text()
    taken = re.findall(r"\\(?:input|includegraphics)\{(\S+)\}", latex)
    made = {str(path.relative_to(paper)) for path in paper.glob("*/*")}
    assert sorted(taken) == sorted(name for name in made if name.endswith((".tex", ".pdf")))
    told = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True)
    return latex, told.stdout


@pytest.mark.parametrize("seeds", [(12,), (12, 13, 14)], ids=["one seed", "three seeds"])
def test_the_paper_compiles_without_an_overfull_box(tmp_path, seeds):
    grid = replace(GRID, seeds=seeds)
    draw(tmp_path, grid)
    write_paper(tmp_path, decide(tmp_path, grid), grid)
    source, text = compiled(tmp_path)
    # Every difference of the tested comparisons on the primary measure is on the page.
    compared = json.loads((tmp_path / "results" / "comparisons.json").read_text())
    for contrast in compared["contrasts"]:
        if contrast["test_set"] == "pydocs":
            assert f"{abs(contrast['difference']):.4f}" in text
    assert ("SD, seeds" in text) == (len(seeds) > 1)
    said = Said.read(source)
    assert said.one("count", what="seeds").count == len(seeds)


def test_a_paper_of_given_and_searched_settings_has_the_tests_of_both_and_between_them(tmp_path):
    write(tmp_path, TUNED)
    _, text = compiled(tmp_path)
    compared = json.loads((tmp_path / "results" / "comparisons.json").read_text())
    tested = [each for each in compared["contrasts"] if each["family"] in ("optimizers", "tuning")]
    assert len(tested) == 2 * 4 * len(TUNED.models)
    for contrast in tested:
        assert f"{abs(contrast['difference']):.4f}" in text
    assert "Tuned against untuned" in text


@pytest.mark.parametrize(
    ("models", "treatments", "name"),
    [
        (ETTIN[:3], OPTIMIZERS, "sizes"),
        (["bert", "minilm", *ETTIN[:4]], OBJECTIVES, "objectives"),
    ],
    ids=["sizes", "objectives"],
)
def test_a_paper_of_a_ladder_has_figures_against_size_and_its_study_alone(
    tmp_path, models, treatments, name
):
    grid = sized(models, treatments)
    encoder = {each: size for each, size in PARAMETERS.items() if each in {*ETTIN} & {*models}}
    ladders = [Ladder("Ettin", encoder, 0.01)]
    draw(tmp_path, grid, ladders=ladders)
    folder = PAPER / "published" / name
    published = Published.read(folder, Study.read(folder))
    decided = decide(tmp_path, grid, published, {"dl19": "pydocs", "dl20": "pydocs"})
    write_paper(tmp_path, None, grid, ladders=ladders, others={name: decided})
    latex, text = compiled(tmp_path)
    for figure in ("sizes", "gains"):
        assert rf"\ref{{fig:{figure}}}" in latex and rf"\label{{fig:{figure}}}" in latex
    assert (r"\label{fig:treatments}" in latex) == grid.has_lessons
    assert "kumar2025comparative" not in latex
    study = Study.read(folder)
    for values in read_scores(folder / "table.csv", study)[study.primary].values():
        assert all(f"{value:.4f}" in text for value in values.values())


@pytest.mark.parametrize("grid", [BESIDE_OTHERS, NOTHING_TRAINED], ids=["beside", "alone"])
def test_a_paper_with_systems_of_others_has_what_it_takes_and_no_more(tmp_path, grid):
    write(tmp_path, grid)
    _, text = compiled(tmp_path)
    results = pd.read_csv(tmp_path / "paper" / "tables" / "results.csv")
    assert results["model"].tolist()[-3:] == ["l6", "authors", "splade"]
    assert len(results) == 1 + len(grid.checkpoints()) + 3
    compared = json.loads((tmp_path / "results" / "comparisons.json").read_text())
    between = [each for each in compared["contrasts"] if each["family"] == "systems"]
    for contrast in between:
        if contrast["test_set"] == "pydocs":
            assert f"{abs(contrast['difference']):.4f}" in text
    assert len(between) == (4 * (3 + 2) if grid.trainings() else 3 + 1)


@pytest.mark.parametrize("grid", [GRID, NOTHING_TRAINED], ids=["trained", "alone"])
def test_a_paper_with_other_first_stages_has_their_scores_and_tests_on_the_page(tmp_path, grid):
    ranked = replace(grid, first_stages=MIXED)
    write(tmp_path, ranked, first_stages=printed_first_stages(ranked, TWO_TEST_SETS))
    _, text = compiled(tmp_path)
    metrics = pd.read_csv(tmp_path / "results" / "metrics.csv").set_index(["test_set", "metric"])
    row = pd.read_csv(tmp_path / "paper" / "tables" / "results.csv").loc[0]
    for test_set, metric in (("pydocs", "ndcg_cut_10"), ("given", "recip_rank_10")):
        found = metrics.loc[test_set, metric]
        (mean,) = found["mean"][found["system"] == MIXED[test_set].name]
        assert row[f"{test_set}_{metric}"] == round(mean, 4)
        assert f"{mean:.4f}" in text
    compared = json.loads((tmp_path / "results" / "comparisons.json").read_text())
    against = [each for each in compared["contrasts"] if each["family"] == "first_stage"]
    assert {each["right"]["training"] for each in against} == {"sparse", "dense"}
    for contrast in against:
        if contrast["test_set"] == "pydocs":
            assert f"{abs(contrast['difference']):.4f}" in text
    assert "SPLADE++" in text and "BM25" not in text.partition("Index Terms")[0]


AVERAGED_COLUMNS = [
    {"test_set": "pydocs", "metrics": ["ndcg_cut_10", "map"]},
    {"test_set": "ranked", "metrics": ["ndcg_cut_10", "map"]},
    {"test_set": "whole", "metrics": ["ndcg_cut_10"]},
]


@pytest.mark.parametrize("seeds", [(12,), (12, 13)], ids=["one seed", "two seeds"])
@pytest.mark.parametrize(
    "grid",
    [GRID, BESIDE_OTHERS, replace(GRID, first_stages=MIXED)],
    ids=["trained", "beside", "several first stages"],
)
def test_a_paper_with_averages_has_their_scores_and_tests_on_the_page(tmp_path, grid, seeds):
    grid = replace(grid, seeds=seeds)
    draw(tmp_path, grid, test_sets=AVERAGED_SETS)
    claims = decide(tmp_path, grid)
    shown = {"columns": AVERAGED_COLUMNS}
    shown |= {"first_stages": printed_first_stages(grid, Layout.build(AVERAGED_SETS, []))}
    write_paper(tmp_path, claims, grid, AVERAGED_SETS, **shown)
    _, text = compiled(tmp_path)
    compared = json.loads((tmp_path / "results" / "comparisons.json").read_text())
    by_average = [each for each in compared["contrasts"] if "sets" in each]
    assert {each["test_set"] for each in by_average} == {"ranked", "whole"}
    for contrast in by_average:
        if contrast["left"]["epoch"] is None:
            assert f"{abs(contrast['difference']):.4f}" in text
    metrics = pd.read_csv(tmp_path / "results" / means_file(grid))
    of_average = metrics[metrics["test_set"].isin(["ranked", "whole"])]
    for mean in of_average["mean"][of_average["metric"] == "ndcg_cut_10"]:
        assert f"{mean:.4f}" in text


@pytest.mark.parametrize(("grid", "ladder"), [(GRID, THREE_SIZES), (LEARNING, LADDER)])
def test_a_paper_with_contrasts_has_them_by_every_measure_on_the_page(tmp_path, grid, ladder):
    grid = replace(grid, seeds=(12, 13) if grid is GRID else (12,))
    draw(tmp_path, grid, test_sets=AVERAGED_SETS, ladders=[ladder], contrasts=CONTRASTS)
    shown = {"columns": AVERAGED_COLUMNS, "contrasts": LABELS_OF_CONTRASTS}
    shown |= {"first_stages": printed_first_stages(grid, Layout.build(AVERAGED_SETS, []))}
    write_paper(tmp_path, decide(tmp_path, grid), grid, AVERAGED_SETS, **shown)
    _, text = compiled(tmp_path)
    compared = json.loads((tmp_path / "results" / "comparisons.json").read_text())
    named = [each for each in compared["contrasts"] if each["name"] is not None]
    assert {each["test_set"] for each in named} == {"pydocs", "given", "ranked", "whole"}
    for contrast in named:
        assert f"{abs(contrast['difference']):.4f}" in text


@pytest.mark.parametrize("grid", [GRID, BESIDE_OTHERS, NOTHING_TRAINED])
def test_a_paper_on_several_scorings_has_them_beside_each_other(tmp_path, grid):
    grid = with_scorings(grid)
    draw(tmp_path, grid, test_sets=DOCS)
    # The others are compared, and no columns.
    shown = ("pydocs", "docs_first", "docs_full")
    columns = [{"test_set": name, "metrics": ["ndcg_cut_10"]} for name in shown]
    write_paper(tmp_path, decide(tmp_path, grid), grid, DOCS, columns=columns, scorings=SCORINGS)
    _, text = compiled(tmp_path)
    scored = pd.read_csv(tmp_path / "results" / "scorings.csv")
    assert {*scored["test_set"]} == {*SCORINGS, "more_own"}
    for mean in scored["mean"]:
        assert f"{mean:.4f}" in text
    assert "How documents are scored" in text
    won = pd.read_csv(tmp_path / "results" / "winning_windows.csv")
    for _, of_candidates in won.groupby("candidates"):
        for share in (1 - of_candidates["first"], of_candidates["beyond"]):
            for end in (share.min(), share.max()):
                assert re.search(rf"{100 * end:.1f}\s*%", text)


MANY_SETS = TEST_SETS | {
    f"set{place}": {"label": f"Test Set {place}", "level": 1, "levels": [1]} for place in range(13)
}
MANY_AVERAGED = MANY_SETS | {
    "all13": {
        "label": "All Thirteen",
        "level": None,
        "levels": [],
        "test_sets": [f"set{place}" for place in range(13)],
    }
}
MANY = replace(
    LEARNING,
    models=(*LEARNING.models, Model("bert", "BERT-Base"), Model("ettin", "Ettin-150M")),
    first_stages={name: FirstStage("bm25", "BM25") for name in MANY_AVERAGED if name != "given"},
)


def test_tables_of_many_systems_and_test_sets_go_on_over_pages_and_lose_nothing(tmp_path):
    columns = [
        {"test_set": "pydocs", "metrics": [*METRICS]},
        {"test_set": "all13", "metrics": ["ndcg_cut_10"]},
        *({"test_set": f"set{place}", "metrics": ["ndcg_cut_10"]} for place in range(6)),
    ]
    draw(tmp_path, MANY, test_sets=MANY_AVERAGED)
    claims = decide(tmp_path, MANY)
    write_paper(tmp_path, claims, MANY, MANY_AVERAGED, columns=columns)
    _, text = compiled(tmp_path)
    assert "CONTINUED" in "".join(text.split()).upper()
    for name, key in (("results", "pydocs_ndcg_cut_10"), ("sets", "bm25")):
        values = pd.read_csv(tmp_path / "paper" / "tables" / f"{name}.csv")[key].dropna()
        assert all(f"{value:.4f}" in text for value in values)


def test_a_paper_of_what_is_learnt_has_what_it_takes_and_its_tests_on_the_page(tmp_path):
    write(tmp_path, LEARNING)
    _, text = compiled(tmp_path)
    compared = json.loads((tmp_path / "results" / "comparisons.json").read_text())
    contrasts = pd.read_csv(tmp_path / "paper" / "tables" / "comparisons_lessons.csv")
    for family, differs in (("objectives", {"objective", "both"}), ("data", {"data"})):
        assert set(contrasts.differs[contrasts.family == family]) == differs
        tested = [each for each in compared["contrasts"] if each["family"] == family]
        assert (contrasts.family == family).sum() == len(tested) / 2  # of two measures
        for contrast in tested:
            if contrast["test_set"] == "pydocs":
                assert f"{abs(contrast['difference']):.4f}" in text
    reached = pd.read_csv(tmp_path / "paper" / "tables" / "lessons.csv")
    results = pd.read_csv(tmp_path / "paper" / "tables" / "results.csv")
    chosen = results[results.chosen.astype(str) == "True"]
    assert reached.pydocs.tolist() == chosen.pydocs_ndcg_cut_10.tolist()
    data = pd.read_csv(tmp_path / "paper" / "tables" / "data.csv").set_index("data")
    assert data.passages.to_dict() == {"pairs": 24, "bm25lists": 192, "bi_lists": 192}
    assert data.distinct.to_dict() == {"pairs": 7, "bm25lists": 8, "bi_lists": 8}
    assert data.lowest.to_dict() == pytest.approx(
        {"pairs": nan, "bm25lists": nan, "bi_lists": -2}, nan_ok=True
    )


def test_a_paper_of_a_search_has_all_trials_and_its_figures_on_the_page(tmp_path):
    space = SPACE | {"warmup": [0, 0.1, 500], "betas": [[0.9, 0.99], [0.95, 0.98]]}
    search = search_of(tmp_path, TUNED, spaces={"gte_tunedlion": space}, diverged=1)
    draw(tmp_path, TUNED)
    choices = [tmp_path / f"{each.name}.chosen.json" for each in search.searched]
    write_paper(tmp_path, decide(tmp_path, TUNED), TUNED, choices=choices)
    latex, text = compiled(tmp_path)
    for figure in ("search", "budget"):
        assert rf"\ref{{fig:{figure}}}" in latex and rf"\label{{fig:{figure}}}" in latex
    for each in search.searched:
        for trial in each.trials:
            assert trial.trial in text
            assert trial.score is None or f"{trial.score:.4f}" in text


# Each begins or ends with what LaTeX reads as a command's, or has what only few fonts have.
LABELS = {
    "models": [r"[A*]--B <&> %$#_{}~^\x", "*Łódź, Nguyễn 2≤β₁ α€", "''`--`,,x|y"],
    "optimizers": [r"--[z]\\\input{x}", "Șțř$a$đỗƠ"],
    "test_sets": ["[T]p&q", "*G_1:100%#2"],
    "dev_sets": ["[D]x_1&Ễ"],
}
FRONT = {
    "title": r'[1] Học máy & "α" 100% _x_ {y} \z',
    "authors": [
        {"name": "[Nguyễn] Văn*", "affiliation": "*R&D, Łódź_1"},
        {"name": "Ångström", "affiliation": ""},
    ],
    "keywords": ["[k]β", "l*~"],
    "note": "[n] {x} $y$ ..include::z Đỗ",
}


def _as_read(text: str) -> str:
    """Return a text without its setting: spaces, line ends, lowered digits."""
    return unicodedata.normalize("NFKC", "".join(text.split()))


def test_texts_read_in_the_paper_as_they_are_written(tmp_path):
    """The config's, of which none is refused, and those of data, where a sign stands for some."""
    models, optimizers, test_sets = (LABELS[key] for key in ("models", "optimizers", "test_sets"))
    check(
        CONFIG
        | {"paper": CONFIG["paper"] | FRONT}
        | {
            kind: CONFIG[kind]
            | {
                name: CONFIG[kind][name] | {"label": label}
                for name, label in zip(CONFIG["grid"][kind], labels, strict=False)
            }
            for kind, labels in LABELS.items()
        },
        SCHEMA,
        SOURCES,
    )
    grid = Grid.build(
        {
            model.name: {"label": label, "start": model.start}
            for model, label in zip(GRID.models, models, strict=True)
        },
        dict(zip(GRID.optimizers, optimizers, strict=True)),
        GRID.epochs,
        first_stages=RANKED,
    )
    draw(tmp_path)
    write_paper(
        tmp_path,
        decide(tmp_path),
        grid,
        {
            name: entry | {"label": label}
            for (name, entry), label in zip(TEST_SETS.items(), test_sets, strict=True)
        },
        PROVENANCE
        | {
            "changed_settings": [{"key": "x", "default": None, "here": "/中文/[a]*--_b"}],
            "hardware": PROVENANCE["hardware"] | {"cpu": "Intel® [x] 中"},
        },
        paper=params_of(GRID)["paper"] | FRONT,
        dev_sets=LABELS["dev_sets"],
    )
    source, pdf = tmp_path / "paper" / "main.tex", tmp_path / "paper" / "main.pdf"
    compile_pdf(source, pdf, tmp_path / "latex.log", PAPER / "refs.bib", 1_700_000_000)
    read, facts, fonts = (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for command in (["pdftotext", pdf, "-"], ["pdfinfo", pdf], ["pdffonts", pdf])
    )
    text = _as_read(read)
    named = [entry[key] for entry in FRONT["authors"] for key in entry]
    printed = [FRONT["title"], FRONT["note"], *FRONT["keywords"], *named]
    for label in [*printed, *(label for labels in LABELS.values() for label in labels)]:
        # Fonts draw the comma below a letter apart.
        assert _as_read(label).replace("Șț", "S,t,").replace("'", "’") in text
    assert FRONT["title"] in facts and ", ".join(FRONT["keywords"]) in facts
    assert "[Nguyễn] Văn*, Ångström" in facts
    assert "/□□/[a]*--_b" in text and "Intel®[x]□," in text
    assert text.count("Thesign□standsforacharacter") == 2
    assert "Type 3" not in fonts
    log = (tmp_path / "changes_table.log").read_text()
    assert "cannot be set and have a sign instead: U+4E2D (CJK UNIFIED IDEOGRAPH-4E2D)" in log


def test_the_paper_of_trainings_that_stopped_early_counts_what_was_trained(tmp_path):
    grid = stopped_grid(STOPPED["stopped after different epochs"])
    write(tmp_path, grid)
    source, _ = compiled(tmp_path)
    said = Said.read(source)
    count = said.one("count", what="trainings stopped early")
    assert (count.count, count.total) == (3, 6)
    results = pd.read_csv(tmp_path / "paper" / "tables" / "results.csv")
    assert len(results) == 1 + len(grid.checkpoints()) == 15
    above = said.find("count", what="checkpoints above bm25", section="abstract")
    assert {claim.total for claim in above} == {14}
