"""A made-up experiment of run files, judgements and topics, down to the files the paper is made of.

Rankings are drawn at random; what is evaluated, averaged and tested is done by the workflow's code.
"""

import json
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from lionrank import parquet, trec
from lionrank.collections.describe import DataSet
from lionrank.config.plan_of_paper import SEARCH_TABLES
from lionrank.evaluation import comparisons, per_query
from lionrank.evaluation import trec_eval as evaluation
from lionrank.evaluation.ladders import Ladder
from lionrank.files import write_json, write_json_lines
from lionrank.grid import Grid
from lionrank.measures import Measure
from lionrank.paper.results import Layout
from lionrank.paper.tables import datasets as datasets_table
from lionrank.paper.tables import training as training_table
from lionrank.search.choice import with_choices
from lionrank.training import development
from tests.support.choices import DEV_SETS
from tests.support.deepened import write_depths
from tests.support.logs_and_costs import efficiency_of
from tests.support.papers import (
    FIGURES_OF_SEARCHES,
    LEARNT_FROM,
    OBJECTIVES,
    PROVENANCE,
    STATISTICS,
    params_of,
    settings_of,
    sized_figures,
    tex,
)
from tests.support.results import (
    FAMILIES,
    FAST,
    GRID,
    TEST_SETS,
    averages_of,
    labels_of,
    means_file,
    plain,
    write_means,
)
from tests.support.rule_scripts import PARTS, SCRIPTS, of_repository
from tests.support.scored import write_scorings, write_winning

COLUMNS = [
    {"test_set": "pydocs", "metrics": ["ndcg_cut_10", "map", "recall_10", "Rprec", "P_10"]},
    {"test_set": "given", "metrics": ["recip_rank_10"]},
]
LION = "paper/published/lion"
PER_QUERY = f"{LION}/authors_per_query.csv"
# A LaTeX special, or a character beyond ASCII, in every query.
QUERIES = [
    *("what is 100% of $x_1?", r"a\b{c} ~d^e#f & g", "``Fortran'' | `code` <tag>", "naïve café"),
    *(
        "it\u2019s \u201cquoted\u201d \u2014 or \u2026",
        "\u4e2d\u6587 and \u03b1\u2264\u03b2 \U0001f600",
    ),
    " ".join(map(chr, range(0xA1, 0x100))),
    "https://example.org/a_rather_long/address-with?nothing=but&punctuation=to.break.lines#at",
    "a query that goes on and on, as people who copy a whole sentence of their homework write it "
    * 2,
]
OF_TRAININGS = (
    *("efficiency_table", "optimizers_table", "changes_table"),
    *("changes_figure", "curves_figure", "epochs_figure", "cost_figure"),
)
"""The scripts whose tables and figures tell of trainings, of which there may be none."""
_RUN = (
    PARTS
    + """
for job in json.load(sys.stdin):
    parts = {key: Named(**job[key]) for key in ("input", "output", "params")}
    vouch(parts["input"])
    script = os.path.splitext(os.path.basename(job["script"]))[0]
    folder = os.path.dirname(job["script"])
    snakemake = types.SimpleNamespace(log=[job["log"]], scriptdir=folder, rule=script, **parts)
    runpy.run_path(job["script"], init_globals={"snakemake": snakemake})
"""
)


def run_scripts(folder: Path, jobs: Sequence[tuple[str, Mapping, Mapping, Mapping]]) -> None:
    """Run scripts of workflow/scripts in a process of their own: name, input, output and params."""
    given = [
        {
            "script": str(next(SCRIPTS.rglob(f"{name}.py"))),
            "log": str(folder / f"{name}.log"),
            "input": inputs,
            "output": outputs,
            "params": _templates(name) | dict(params),
        }
        for name, inputs, outputs, params in jobs
    ]
    done = subprocess.run(
        [sys.executable, "-c", _RUN], input=json.dumps(given), text=True, cwd=folder, timeout=300
    )
    logs = {path.name: path.read_text() for path in folder.glob("*.log")}
    assert done.returncode == 0, logs


def draw(
    folder: Path,
    grid: Grid = GRID,
    queries: int = 16,
    test_sets: Mapping[str, Mapping[str, Any]] = TEST_SETS,
    ladders: Sequence[Ladder] = (),
    contrasts: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write run files, qrels and topics, and what is computed of them, into a folder.

    The first test set has its run files in `results/`, and BM25; the others have per-query values
    alone. Run files of others are there on the first test set only. Systems are compared by
    averages, too.
    """
    averages = averages_of(Layout.build(test_sets, []))
    table = folder / "results" / "per_query.parquet"
    best = _draw(folder, grid, queries, test_sets)
    compared = comparisons.compare_systems(
        per_query.read(table, best, grid, averages),
        grid,
        [
            Measure("pydocs", "ndcg_cut_10"),
            Measure("given", "recip_rank_10", 1),
            *(Measure(name, "ndcg_cut_10") for group in grid.scorings for name in group),
            *(Measure(name, "ndcg_cut_10") for name in averages),
        ],
        FAMILIES,
        FAST,
        ladders,
        contrasts,
    )
    write_json(folder / "results" / "comparisons.json", compared)


def _draw(
    folder: Path,
    grid: Grid,
    queries: int,
    test_sets: Mapping[str, Mapping[str, Any]],
) -> list[Path]:
    judging, dice = random.Random(0), random.Random(12)
    topics = {f"q{place:02}": QUERIES[place % len(QUERIES)] for place in range(queries)}
    documents = [f"d{place}" for place in range(40)]
    # A few of the judged passages are never retrieved, and grades are from -1 to 3.
    qrels = {
        qid: {
            docid: judging.randrange(-1, 4) for docid in judging.sample([*documents, "x", "y"], 9)
        }
        for qid in topics
    }
    trec.write_qrels(folder / "qrels.txt", qrels)
    trec.write_topics(folder / "topics.tsv", topics)
    tables = []
    given = {each.name for each in grid.systems if each.kind == "run file"}
    first_stages = {each.name for each in grid.first_stages.values()}
    first, *_ = test_sets
    averages = averages_of(Layout.build(test_sets, []))
    for system, of_system in labels_of(grid).items():
        # What is relevant is ranked a little higher than what is not.
        run = {
            qid: {d: judged.get(d, 0) + dice.gauss(0, 2) for d in dice.sample(documents, 25)}
            for qid, judged in qrels.items()
        }
        trec.write_run(folder / "results" / f"{system}.trec", run, system)
        for test_set, entry in test_sets.items():
            if test_set in averages:
                continue
            if grid.scored_before(test_set):
                # Another scoring ranks in another way.
                run = {
                    qid: {d: score + dice.gauss(0, 1) for d, score in ranked_there.items()}
                    for qid, ranked_there in run.items()
                }
            ranked = grid.first_stage(test_set)
            if system in first_stages and (ranked is None or ranked.name != system):
                continue
            if system in given and test_set != first:
                continue
            values = {
                level: evaluation.evaluate(qrels, run, level, complete=True)
                for level in entry["levels"]
            }
            labels = dict(zip(("model", "optimizer", "epoch", "seed"), of_system, strict=True))
            labels["protocol"] = "demo"
            tables.append(evaluation.tidy(values, test_set=test_set, system=system, **labels))
    table = pd.concat(tables, ignore_index=True).astype({"epoch": "Int64", "seed": "Int64"})
    parquet.write(folder / "results" / "per_query.parquet", table)
    best = []
    for training in grid.seeded():
        best.append(folder / "training" / f"{training.name}.best.json")
        scored = [development.scores(epoch, None, {"dev": 0.5}) for epoch in training.epochs]
        write_json(best[-1], {**dice.choice(scored), "epochs": scored})
        for epoch, checkpoint in zip(training.epochs, training.checkpoints(), strict=True):
            steps = range(10 * (epoch - 1) + 1, 10 * epoch + 1)
            lines = [
                {"step": s, "epoch": s / 10, "loss": 1 / s, "lr": 1e-5 / s, "grad_norm": 1 + 1 / s}
                for s in steps
            ]
            lines.append({"step": steps[-1], "epoch": float(epoch), "eval_loss": 1 / epoch})
            write_json_lines(folder / "training" / f"{checkpoint}.jsonl", lines)
    write_means(folder / "results", table, development.chosen(best), grid, averages)
    return best


def best_files(folder: Path, grid: Grid = GRID) -> list[str]:
    return [str(folder / f"training/{each.name}.best.json") for each in grid.seeded()]


def run_files(folder: Path, grid: Grid = GRID) -> dict[str, str]:
    return {name: str(folder / f"results/{name}.trec") for name in grid.checkpoints()}


def _templates(script: str) -> dict[str, str]:
    """Return the templates that a rule gives to its script as params, if it makes tables."""
    tables = {"results_table": ("results", "levels")}
    tables["comparisons_table"] = ("comparisons", "comparisons_by_epoch")
    tables["averages_tables"] = ("sets", "wins")
    tables["comparisons_scorings_table"] = ("contrasts",)
    if not (script.endswith("_table") or script in tables):
        return {}
    second = {"results_table": "levels_template", "averages_tables": "wins_template"}
    keys = ("template", second.get(script, "by_epoch_template"))
    names = tables.get(script, (script.removesuffix("_table"),))
    return {
        key: of_repository(f"paper/tables/{name}.tex.j2")
        for key, name in zip(keys, names, strict=False)
    }


def write_paper(
    folder: Path,
    claims: Mapping[str, Any] | None,
    grid: Grid = GRID,
    test_sets: Mapping[str, Mapping[str, Any]] = TEST_SETS,
    provenance: Mapping[str, Any] = PROVENANCE,
    columns: Sequence[Mapping[str, Any]] = COLUMNS,
    ladders: Sequence[Ladder] = (),
    others: Mapping[str, Mapping[str, Any]] | None = None,
    choices: Sequence[Path] = (),
    **params: Any,
) -> None:
    """Write main.tex with its tables and figures into `folder`/paper, by the rules' scripts.

    `claims` is what was decided of the study of Lion and AdamW, None where the paper is not about
    it, and `others` has the same of other studies. STATISTICS and PROVENANCE are of no collection.
    `choices` are files of what was chosen for trainings whose settings were searched. `params`
    replace some of the text's.
    """
    results, paper = folder / "results", folder / "paper"
    tables, figures = paper / "tables", paper / "figures"
    told = {
        "statistics": STATISTICS,
        "provenance": provenance,
        "efficiency": efficiency_of(grid),
    }
    for name, value in told.items():
        write_json(folder / f"{name}.json", value)
    _write_setup_tables(tables, grid, choices)
    shown = {"grid": plain(grid), "test_sets": test_sets, "columns": columns}
    best = {"best": best_files(folder, grid)}
    logs = {
        each.name: [folder / f"training/{name}.jsonl" for name in each.checkpoints()]
        for each in grid.seeded()
    }
    style = {"style": of_repository("paper/paper.mplstyle")}
    changed = {"changes": results / "changes.json"}
    metrics = {"metrics": results / means_file(grid)}
    published = results / "published_comparisons" / "lion.json"
    of_topics = results / "published_per_query" / "lion.parquet"
    draws = {"draws": asdict(FAST)}
    compared = {"comparisons": results / "comparisons.json"}
    chosen = development.chosen(best["best"])
    depths = {"depths": write_depths(results / "depths.csv", grid, chosen)}
    scored: dict[str, list[Path]] = {"scorings": [], "windows": []}
    if grid.scorings:
        read = per_query.read(results / "per_query.parquet", best["best"], grid)
        scored["scorings"].append(write_scorings(results / "scorings.csv", read, grid))
        scored["windows"].append(write_winning(results / "winning_windows.csv", grid))
    settings = {"settings": settings_of(grid)}
    templates = {"templates": [of_repository("paper/main.tex.j2")]}
    facts = {name: folder / f"{name}.json" for name in told}
    decided = ({} if claims is None else {"lion": claims}) | (others or {})
    of_claims = {name: results / "claims" / f"{name}.json" for name in decided}
    for name, path in of_claims.items():
        write_json(path, decided[name])
    studies = {name: [of_repository(f"paper/published/{name}/study.yaml")] for name in decided}
    told_studies = {
        "studies": studies,
        "compared": {name: {"models": [], "measures": [], "apart": []} for name in decided},
    }

    def table(name: str) -> dict[str, Path]:
        return {kind: tables / f"{name}.{kind}" for kind in ("tex", "csv")}

    def two_tables(**named: str) -> dict[str, Path]:
        return {key: tables / f"{name}.tex" for key, name in named.items()} | {
            f"{key}_csv": tables / f"{name}.csv" for key, name in named.items()
        }

    def figure(name: str) -> dict[str, Path]:
        return {ending: figures / f"{name}.{ending}" for ending in ("pdf", "png")}

    searched = {"search": {"sampler": "quasi_random", "dev_sets": [*DEV_SETS.values()]}}
    chose = {"choices": [*choices]}
    on_ladders = {"ladders": [[*each.encoder] for each in ladders]}
    of_ladders = {each.name: each.name for each in ladders}
    labels = params.get("contrasts", {"ladders": of_ladders, "contrasts": {}})
    drawn = {
        "figures": [*sized_figures(grid, ladders), *(FIGURES_OF_SEARCHES if choices else ())],
        "ladders": [*of_ladders],
        "contrasts": labels,
    }
    sizes = {"parameters": write_parameters(folder, grid, ladders)}
    jobs = [
        (
            "results_table",
            metrics | best,
            two_tables(results="results", levels="levels"),
            shown | {"study": []},
        ),
        ("efficiency_table", facts, table("efficiency"), shown),
        ("optimizers_table", {"choices": [*choices]}, table("optimizers"), shown | settings),
        (
            "comparisons_table",
            compared,
            two_tables(chosen="comparisons", by_epoch="comparisons_by_epoch"),
            shown,
        ),
        (
            "changes",
            {
                **best,
                "per_query": results / "per_query.parquet",
                "runs": list(run_files(folder, grid).values()),
                "qrels": folder / "qrels.txt",
                "topics": folder / "topics.tsv",
            },
            changed,
            shown | draws | {"test_set": "pydocs", "level": 1},
        ),
        ("changes_table", changed, table("changes"), shown),
        ("changes_figure", changed, figure("changes"), shown | style),
        ("curves_figure", logs | best, figure("curves"), shown | style),
        ("epochs_figure", metrics | best, figure("epochs"), shown | style),
        ("cost_figure", metrics | best | facts, figure("cost"), shown | style),
        ("depths_figure", depths, figure("depths"), shown | style),
        ("collection_table", facts, table("collection"), {}),
        (
            "main_tex",
            {**logs, **best, **metrics, **compared, **changed, **facts}
            | {"claims": [*of_claims.values()]}
            | {"published_comparisons": [published] if "lion" in studies else []}
            | {"depths": [depths["depths"]]}
            | scored
            | chose,
            {"tex": paper / "main.tex"},
            shown
            | searched
            | settings
            | params_of(grid)
            | drawn
            | templates
            | told_studies
            | params,
        ),
    ]
    of_studies = [
        ("claims_table", {"claims": path}, table(f"claims_{name}"), {"study": studies[name]})
        for name, path in of_claims.items()
    ]
    of_studies += [
        ("published_scores_table", {}, table(f"published_scores_{name}"), {"study": study})
        for name, study in studies.items()
        if name != "lion"
    ]
    if "lion" in studies:
        study = {"study": studies["lion"]}
        of_studies += [
            ("systems_table", metrics | best, table("systems_lion"), shown | study),
            ("published_values_table", {}, table("published_values_lion"), study),
            ("published_settings_table", {}, table("published_settings_lion"), shown | study),
            (
                "published_comparisons",
                {},
                {"per_query": of_topics, "comparisons": published},
                {"values": of_repository(PER_QUERY), **draws, **study},
            ),
            (
                "published_comparisons_table",
                {"comparisons": published},
                table("published_comparisons_lion"),
                study,
            ),
        ]
    jobs = [*of_studies, *jobs]
    if grid.scorings:
        told = shown | {"scorings": params["scorings"]}
        (found,) = scored["scorings"]
        jobs += [
            ("scorings_table", {"scorings": found}, table("scorings"), told),
            ("scorings_figure", {"scorings": found}, figure("scorings"), told | style),
            ("comparisons_scorings_table", compared, table("comparisons_scorings"), told),
        ]
    if grid.systems:
        jobs += [
            (
                "comparisons_systems_table",
                compared,
                table("comparisons_systems"),
                shown | {"primary": "pydocs"},
            ),
            ("systems_figure", metrics | best, figure("systems"), shown | style),
        ]
    for name in drawn["figures"]:
        inputs = metrics | best | compared | sizes | chose
        drawn_with = shown | style | on_ladders | told_studies
        jobs.append((f"{name}_figure", inputs, figure(name), drawn_with))
    if any(labels.values()):
        jobs.append(
            ("contrasts_table", compared, table("contrasts"), shown | {"contrasts": labels})
        )
    if grid.is_replicated:
        variance = {"variance": results / "variance.json"}
        found = {"per_query": results / "per_query.parquet", **best}
        averages = averages_of(Layout.build(test_sets, []))
        measures = {"measures": [asdict(Layout.build(test_sets, []).primary)], "averages": averages}
        jobs = [
            ("variance", found, variance, shown | measures),
            ("variance_table", variance, table("variance"), shown),
            ("seeds_figure", metrics | best, figure("seeds"), shown | style),
            *jobs,
        ]
    if choices:
        templates = [of_repository(f"paper/tables/{name}.tex.j2") for name in SEARCH_TABLES]
        made = two_tables(**{name: name for name in SEARCH_TABLES})
        told = shown | searched | {"templates": templates}
        jobs.append(("search_tables", chose, made, told))
    if grid.has_lessons:
        jobs.append(_learnt_tables(folder, grid, shown, facts | metrics | best | compared))
    if any(entry.get("test_sets") for entry in test_sets.values()):
        output = two_tables(sets="sets", wins="wins")
        jobs.append(("averages_tables", metrics | best | compared, output, shown))
        jobs.append(("differences_figure", metrics | best, figure("differences"), shown | style))
    if not grid.trainings():
        jobs = [job for job in jobs if job[0] not in OF_TRAININGS]
    has_pairs = len({each.learns for each in grid.treatments}) < len(grid.treatments)
    if not has_pairs:
        jobs = [job for job in jobs if job[0] not in ("changes_table", "changes_figure")]
    run_scripts(folder, json.loads(json.dumps(jobs, default=str)))
    if not has_pairs:
        # Which the rule of all comparisons makes as well.
        (tables / "comparisons_by_epoch.tex").unlink()


def _learnt_tables(folder: Path, grid: Grid, shown: Mapping, files: Mapping) -> tuple:
    """Write made-up training data, and return the job that tells of them."""
    data, counts = [], []
    for place, name in enumerate(grid.data):
        data.append(folder / f"{name}.parquet")
        rows = pd.DataFrame({"query_id": [f"q{n // 2}" for n in range(24)], "query": "text"})
        if name == "pairs":
            rows = rows.assign(passage_id=[f"d{n % 7}" for n in range(24)], passage="text")
        else:
            ids, scores = [f"d{n}" for n in range(8)], [1.5 - 0.25 * place * n for n in range(8)]
            rows["passage_ids"] = [ids] * 24
            rows["passages"] = [["text"] * 8] * 24
            rows = rows.assign(**({"scores": [scores] * 24} if place > 1 else {}))
            counts.append(folder / f"{name}.ids.json")
            write_json(counts[-1], {"passages": 192, "judged": 43})
        rows.to_parquet(data[-1])
    names = ("data", "lessons", "comparisons_lessons")
    tables = folder / "paper" / "tables"
    output = {name: tables / f"{name}.tex" for name in names}
    output |= {f"{name}_csv": tables / f"{name}.csv" for name in names}
    params = {
        "labels": {"optimizers": {"adamw": "AdamW", "lion": "Lion"}, "objectives": OBJECTIVES},
        "learnt_from": {name: LEARNT_FROM[name] for name in grid.data},
        "counted": [name for name in grid.data if name != "pairs"],
        "templates": [of_repository(f"paper/tables/{name}.tex.j2") for name in names],
    }
    return "learnt_tables", {**files, "data": data, "counts": counts}, output, shown | params


def write_parameters(folder: Path, grid: Grid, ladders: Sequence[Ladder] = ()) -> Path:
    """Write a number of parameters for each model and checkpoint of others."""
    others = [each.name for each in grid.systems if each.kind == "checkpoint"]
    names = [*(model.name for model in grid.models), *others]
    encoder = {name: 8_000_000 * place for place, name in enumerate(names, start=1)}
    encoder |= {name: size for ladder in ladders for name, size in ladder.encoder.items()}
    path = folder / "results" / "parameters.json"
    write_json(
        path, {name: {"parameters": 2 * encoder[name], "encoder": encoder[name]} for name in names}
    )
    return path


def _write_setup_tables(folder: Path, grid: Grid, choices: Sequence[Path]) -> None:
    """Write the tables of the backbones and of the data, for which no model or corpus is made."""
    folder.mkdir(parents=True, exist_ok=True)
    if grid.trainings():
        size = {"layers": 12, "hidden_size": 768, "heads": 12, "vocabulary": 250048}
        size |= {"parameters": 305959681, "context": 8192}
        sizes = {model.name: size for model in grid.models}
        weights = {model.name: "a random start" for model in grid.models}
        settings = with_choices(settings_of(grid), choices)
        training = training_table.table(settings, sizes, weights, grid)
        (folder / "training.tex").write_text(tex("training", training))
    test_set = DataSet(
        use="test",
        label="MS MARCO QA v1.1 validation",
        topics=10_047,
        judged=10_047,
        passages=8_841_823,
        candidates=1000.0,
        grades=dict.fromkeys(range(4), 12_345),
        query_words=16.1,
        passage_words=157.3,
    )
    (folder / "datasets.tex").write_text(tex("datasets", datasets_table.table([test_set])))
