"""The table of the published values that differ from those of the authors' files."""

import io
import shutil

import pandas as pd
import pytest

from lionrank.paper.tables import published_values
from lionrank.published.agreement import Agreements
from tests.support.accounts import CELLS, stands
from tests.support.papers import ACCOUNTS, tex
from tests.support.published_as_measured import STUDY
from tests.support.rankings import run_scripts
from tests.support.rule_scripts import of_repository
from tests.support.typeset import PAGE, size_of

TABLE = published_values.table(Agreements.of(ACCOUNTS, STUDY), STUDY)


def test_the_csv_has_every_cell_of_both_files():
    read = pd.read_csv(io.StringIO(TABLE.csv()))
    assert len(read) == len(CELLS)
    for row in read.itertuples():
        printed, files = CELLS[row.metric, f"{row.model}_{row.optimizer}_e{row.epoch}"]
        assert (row.printed, row.files) == (float(printed), float(files))
        assert row.difference == pytest.approx(float(printed) - float(files), abs=0.5001e-4)
        assert row.agreement == stands(printed, files)


def test_each_value_that_differs_stands_above_that_of_the_files():
    lines = [line.removesuffix(r" \\") for line in tex("published_values", TABLE).splitlines()]
    head = next(line for line in lines if line.startswith("Model"))
    metrics = ["ndcg_cut_10", "map", "recall_10", "Rprec", "P_10"]
    assert head.split(" & ")[3:] == ["{nDCG@10}", "{MAP}", "{Recall@10}", "{R-Prec}", "{P@10}"]
    at = next(place for place, line in enumerate(lines) if line.startswith("GTE & AdamW"))
    above, below = lines[at + 6], lines[at + 7]  # after AdamW's three epochs
    assert above.split(" & ")[1:] == ["Lion", "1", "0.6785", "0.4754", "0.1684", "0.4849", "0.7953"]
    assert below.split(" & ")[3] == r"{\scriptsize 0.6970\hspace{0.3em}\textminus 0.0185}"
    shown = [line for line in lines if r"\scriptsize" in line]
    different = {name for name, texts in CELLS.items() if stands(*texts) == "different"}
    assert len(shown) == len({checkpoint for _, checkpoint in different})
    assert sum(line.count(r"\scriptsize") for line in shown) == len(different)
    for below, name in zip(shown, dict.fromkeys(name for _, name in CELLS), strict=False):
        for metric, cell in zip(metrics, below.split(" & ")[3:], strict=True):
            assert (r"\scriptsize" in cell) == ((metric, name) in different)


def test_the_rules_script_writes_the_table(tmp_path):
    outputs = {kind: str(tmp_path / f"published_values.{kind}") for kind in ("tex", "csv")}
    params = {"study": [of_repository("paper/published/lion/study.yaml")]}
    run_scripts(tmp_path, [("published_values_table", {}, outputs, params)])
    assert (tmp_path / "published_values.tex").read_text() == tex("published_values", TABLE)
    assert (tmp_path / "published_values.csv").read_text() == TABLE.csv()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_the_table_fits_a_page(tmp_path):
    size = size_of(tex("published_values", TABLE), tmp_path)
    assert 300 < size.width < PAGE[0]
    assert size.height < 0.7 * PAGE[1]
