"""The table of the claims, and the scripts that decide them and write it."""

import io
import json
import os
import re
import shutil

import pandas as pd
import pytest

from lionrank.files import write_json
from lionrank.paper.latex import compile_pdf
from lionrank.paper.tables import claims
from tests.support.papers import tex
from tests.support.published_as_measured import (
    CHOSEN,
    GRID,
    STUDY,
    decide,
    ours,
    silent,
    write_best,
    write_logs,
    write_results,
)
from tests.support.rankings import run_scripts
from tests.support.rule_scripts import of_repository, run_script
from tests.support.searches import choice_file


@pytest.fixture(scope="module")
def as_published(tmp_path_factory):
    """The verdicts on an experiment that measured what was published, nearly without noise."""
    return decide(ours(tmp_path_factory.mktemp("published")))


def test_the_table_has_a_row_a_claim_and_escapes_foreign_text(as_published):
    changed = as_published["c16"] | {"text": "100% of R&D_1"}
    found = [*(claim for name, claim in as_published.items() if name != "c16"), changed]
    table = tex("claims", claims.table({"claims": found}, STUDY))
    assert table.splitlines()[0] == "% template: tables/claims.tex.j2"
    rows = [line.split(" & ") for line in table.splitlines() if re.match(r"c\d+ & ", line)]
    assert len(rows) == 17 and all(len(row) == 5 for row in rows)
    by_name = {row[0]: row for row in rows}
    assert by_name["c16"][1] == r"100\% of R\&D\_1 (A)"
    assert by_name["c8"][2].startswith("does not hold (2/8): MAP: 0.5115")
    assert by_name["c3"][2] == (
        r"holds (3/3). \emph{By the files:} does not hold (1/3): MRR@10: 0.5988 for MiniLM + Lion, "
        "epoch 3; 0.5989 for ModernBERT + Lion, epoch 3"
    )
    assert by_name["c1"][2] == "holds (2/2)"  # by the files, too
    assert by_name["c1"][3] == "replicated (2/2)"
    assert r"\num{0.0096} [\num{0.0096}, \num{0.0096}], $p < {}$\num{0.001}" in by_name["c1"][4]
    assert by_name["c3"][4].endswith(r"$p = {}$\num{1.000} \\")
    assert by_name["c14"][3] == "not testable"


def test_the_csv_has_a_claim_a_row_with_all_verdicts(as_published):
    decided = {"claims": list(as_published.values())}
    table = pd.read_csv(io.StringIO(claims.table(decided, STUDY).csv()))
    assert table.id.tolist() == list(as_published)
    for row, claim in zip(table.itertuples(), as_published.values(), strict=True):
        assert row.claim == claim["text"]
        for side in ("printed", "files", "ours"):
            said = claim["ours"] if side == "ours" else claim["published"][side]
            assert getattr(row, side) == said["verdict"]
            same, total = map(int, getattr(row, f"{side}_parts").split("/"))
            assert same == said["parts"].get(said["verdict"], 0)
            assert total == sum(said["parts"].values())
        if claim["ours"]["p"] is None:
            assert pd.isna(row.p) and pd.isna(row.difference)
        else:
            assert (row.p, row.low) == (claim["ours"]["p"], claim["ours"]["low"])
    assert table.printed_parts[table.id == "c8"].tolist() == ["2/8"]
    cells = table.set_index("id").loc["c3"]
    assert pd.isna(cells.printed_counterexamples)
    assert cells.files_counterexamples.startswith("MRR@10: 0.5988 for MiniLM + Lion, epoch 3")


DOCUMENT = r"""\documentclass[conference]{IEEEtran}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage{booktabs}
\usepackage{siunitx}
\begin{document}
\begin{table*}
\caption{Claims}
\centering
\footnotesize
\input{claims.tex}
\end{table*}
Text.
\end{document}
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_the_table_fits_on_a_page(tmp_path, as_published):
    table = claims.table({"claims": list(as_published.values())}, STUDY)
    (tmp_path / "claims.tex").write_text(tex("claims", table))
    (tmp_path / "main.tex").write_text(DOCUMENT)
    (tmp_path / "refs.bib").touch()
    log = tmp_path / "main.log"
    boxes = compile_pdf(tmp_path / "main.tex", tmp_path / "main.pdf", log, tmp_path / "refs.bib")
    assert boxes == []
    assert "Float too large" not in log.read_text()


def test_the_rules_write_the_verdicts_and_the_table(tmp_path):
    logs = write_logs(tmp_path, silent)
    study = {"study": [of_repository("paper/published/lion/study.yaml")]}
    optimizer = {"class": "torch.optim.AdamW", "arguments": {}}
    settings = {"learning_rate": 2e-5, "schedule": "none", "optimizer": optimizer}
    job = {
        "input": {
            "per_query": str(write_results(tmp_path)),
            "best": [str(path) for path in write_best(tmp_path, CHOSEN)],
            **{key: [] for key in ("parameters", "data", "overlap")},
            "choices": [str(choice_file(tmp_path, model="modernbert", optimizer="lion"))],
            **logs,
        },
        "output": ["results/claims/lion.json"],
        "params": {
            "grid": {
                "models": {m.name: {"label": m.label, "start": m.start} for m in GRID.models},
                "optimizers": dict(GRID.optimizers),
                "recipes": {
                    name: {"optimizer": name, "objective": "bce", "data": "pairs"}
                    for name in GRID.optimizers
                },
                "epochs": list(GRID.epochs),
            },
            "levels": {"dl19": 1, "marco_qa_dev": 1},
            "stand_ins": {},
            "scorings": {},
            "averages": {},
            "learnt": {},
            "dropped": False,
            "settings": dict.fromkeys(logs, settings),
            **study,
            "draws": {"permutations": 2000, "resamples": 100, "confidence": 0.95, "seed": 1},
        },
    }
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = run_script("claims/claims.py", job, tmp_path, environment)
    assert done.status == 0, done.log
    decided = json.loads((tmp_path / "results" / "claims" / "lion.json").read_text())
    assert decided["settings"] == job["params"]["draws"]
    assert decided["seeds"] == 1 and decided["stand_ins"] == {}
    ours = {each["id"]: each["ours"] for each in decided["claims"]}
    assert ours["c1"]["verdict"] == "replicated"
    assert "learning rate is 2e-05 for ModernBERT + AdamW; 1e-06 for" in str(ours["c10"])
    tables = {kind: f"paper/tables/claims_lion.{kind}" for kind in ("tex", "csv")}
    run_scripts(tmp_path, [("claims_table", {"claims": "results/claims/lion.json"}, tables, study)])
    assert (tmp_path / tables["tex"]).read_text() == tex("claims", claims.table(decided, STUDY))
    assert (tmp_path / tables["csv"]).read_text() == claims.table(decided, STUDY).csv()

    write_json(tmp_path / "training" / "minilm_lion.best.json", {})
    done = run_script("claims/claims.py", job, tmp_path, environment)
    assert done.status == 1
    assert "minilm_lion.best.json is damaged" in done.told
