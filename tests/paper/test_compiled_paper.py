"""The scripts of the paper, from run files to the PDF, without Snakemake."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lionrank.claims import decide as claims
from lionrank.claims import file as claim_file
from lionrank.claims.evidence import Ours, Published
from lionrank.evaluation import per_query
from lionrank.paper.latex import compile_pdf
from tests.support.papers import FAST, GRID, PAPER, settings_of
from tests.support.rankings import best_files, draw, write_paper
from tests.support.said import Said

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed"),
]
PUBLISHED = PAPER / "published"


def decide(folder: Path, tables: list[Path], best: list[str]) -> dict:
    """Decide the published claims on the experiment in a folder."""
    published = Published.read(
        PUBLISHED / "table1_lion_vs_adamw.csv",
        PUBLISHED / "table2_dl19_systems.csv",
        PUBLISHED / "settings.csv",
    )
    ours = Ours(
        per_query=per_query.read(tables, best),
        grid=GRID,
        levels={"pydocs": 1, "given": 1},
        stand_ins={"dl19": "pydocs", "marco_qa_dev": "given"},
        logs={
            training.name: [
                folder / f"training/{training.checkpoint(epoch)}.jsonl" for epoch in GRID.epochs
            ]
            for training in GRID.trainings()
        },
        settings=settings_of(GRID),
    )
    found = claim_file.read(PUBLISHED / "claims.yaml", published)
    return claims.decide(found, published, ours, FAST)


@pytest.mark.parametrize("seeds", [(12,), (12, 13, 14)], ids=["one seed", "three seeds"])
def test_the_paper_compiles_without_an_overfull_box(tmp_path, seeds):
    draw(tmp_path, seeds=seeds)
    homes = [tmp_path, *(tmp_path / f"seed{seed}" for seed in seeds[1:])]
    tables = [home / "results" / "per_query.parquet" for home in homes]
    best = [path for home in homes for path in best_files(home)]
    write_paper(tmp_path, decide(tmp_path, tables, best))
    source, pdf = tmp_path / "paper" / "main.tex", tmp_path / "paper" / "main.pdf"
    assert compile_pdf(source, pdf, tmp_path / "latex.log", PAPER / "refs.bib", 1_700_000_000) == []
    text = subprocess.run(
        ["pdftotext", pdf, "-"], capture_output=True, text=True, check=True
    ).stdout
    # What the rule waits for is what the text takes, and nothing else.
    taken = re.findall(r"\\(?:input|includegraphics)\{(\S+)\}", source.read_text())
    made = {str(path.relative_to(tmp_path / "paper")) for path in (tmp_path / "paper").glob("*/*")}
    assert sorted(taken) == sorted(name for name in made if name.endswith((".tex", ".pdf")))
    # Every difference of the tested comparisons on the primary measure is on the page.
    compared = json.loads((tmp_path / "results" / "comparisons.json").read_text())
    for contrast in compared["contrasts"]:
        if contrast["test_set"] == "pydocs":
            assert f"{abs(contrast['difference']):.4f}" in text
    assert ("SD, seeds" in text) == (len(seeds) > 1)
    said = Said.read(source.read_text())
    assert said.one("count", what="seeds").count == len(seeds)
