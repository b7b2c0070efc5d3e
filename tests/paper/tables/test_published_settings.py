"""The table of the settings of the published trainings: what is said, inferred or not known."""

import shutil

import pytest

from lionrank.paper.tables import published_settings
from lionrank.published.settings import PublishedSetting, Statement, read
from tests.support.papers import PAPER, TABLE1, tex
from tests.support.typeset import COLUMN, size_of

TABLE = published_settings.table(read(PAPER / "published" / "settings.csv"), TABLE1)


def test_each_training_has_the_batch_that_the_sources_say_or_that_is_inferred():
    rows = [row for row in TABLE.rows if row["key"] == "global_batch_size"]
    assert all((row["paper"], row["thesis"]) == (64, 16) for row in rows)
    assert [(row["trainings"], row["code"], row["code_is"]) for row in rows] == [
        (["MiniLM with AdamW"], 512, "inferred"),
        (["MiniLM with Lion"], 256, "said"),
        (["GTE with AdamW"], 128, "inferred"),
        (["GTE with Lion"], None, "not said"),
        (["ModernBERT"], 192, "said"),
    ]


def test_an_inferred_value_has_a_dagger_and_what_is_not_known_a_dash():
    lines = [line.removesuffix(r" \\") for line in tex("published_settings", TABLE).splitlines()]
    start = next(at for at, line in enumerate(lines) if line.startswith("Batch size"))
    assert [line.split(" & ")[-1] for line in lines[start : start + 5]] == [
        *(r"\num{512}$^\dagger$", r"\num{256}", r"\num{128}$^\dagger$", "--", r"\num{192}"),
    ]
    (restarts,) = [line for line in lines if "each epoch" in line]
    assert restarts.endswith(r"& -- & -- & each epoch$^\dagger$")


def setting(key, **values):
    said = {source: Statement(value is not None, value, "") for source, value in values.items()}
    return PublishedSetting(key, ("all",), said, "")


def test_what_all_sources_say_alike_is_left_out():
    rows = [
        setting("seed", paper=12, thesis=None, code=12),
        setting("precision", paper="bf16", thesis="fp32", code=None),
    ]
    (row,) = published_settings.table(rows, TABLE1).rows
    assert (row["setting"], row["trainings"]) == ("Precision", ["all"])
    assert [row[f"{source}_is"] for source in ("paper", "thesis", "code")] == [
        *("said", "said", "not said"),
    ]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_the_table_fits_a_column(tmp_path):
    assert size_of(tex("published_settings", TABLE), tmp_path).width <= COLUMN
