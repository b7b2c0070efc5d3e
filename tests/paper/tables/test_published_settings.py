"""The table of the settings of the published trainings: what is said, inferred or not known."""

import shutil

import pytest

from lionrank.paper.tables import published_settings
from lionrank.published.settings import PublishedSetting, Statement, read
from tests.support.papers import TABLE1, tex
from tests.support.published_as_measured import SETTINGS_TABLE, STUDY
from tests.support.typeset import PAGE, size_of

TABLE = published_settings.table(read(SETTINGS_TABLE, STUDY.sources), TABLE1, STUDY)
TRAININGS = [
    f"{model}_{optimizer}"
    for model in ("minilm", "gte", "modernbert")
    for optimizer in ("adamw", "lion")
]


def test_each_training_has_the_batch_that_a_source_says_or_that_is_inferred():
    paper, thesis, code = (row for row in TABLE.rows if row["key"] == "global_batch_size")
    assert [paper[name] for name in TRAININGS] == [64] * 6
    assert [thesis[name] for name in TRAININGS] == [16] * 6
    assert {name: (code[name], code[f"{name}_is"]) for name in TRAININGS} == {
        "minilm_adamw": (512, "inferred"),
        "minilm_lion": (256, "said"),
        "gte_adamw": (128, "inferred"),
        "gte_lion": (None, "not said"),
        "modernbert_adamw": (192, "said"),
        "modernbert_lion": (192, "said"),
    }


def test_an_inferred_value_has_a_dagger_and_what_is_not_known_a_dash():
    lines = [line.removesuffix(r" \\") for line in tex("published_settings", TABLE).splitlines()]
    head = next(at for at, line in enumerate(lines) if line.startswith("Batch size & paper"))
    assert lines[head + 2].split(" & ")[1:4] == ["code", r"\num{512}$^\dagger$", r"\num{256}"]
    assert lines[head + 2].split(" & ")[4:] == [
        *(r"\num{128}$^\dagger$", "--", r"\num{192}", r"\num{192}")
    ]
    again = r"each epoch$^\dagger$"
    assert f"Restarts & code & none & {again} & none & {again} & none & none" in lines


def setting(key, training="all", **values):
    said = {source: Statement(value is not None, value, "") for source, value in values.items()}
    return PublishedSetting(key, (training,), said, "")


def test_what_all_sources_say_alike_is_left_out_as_is_a_source_that_says_nothing():
    rows = [
        setting("seed", paper=12, thesis=None, code=12),
        setting("precision", "*_lion", paper="bf16", thesis=None, code="fp32"),
    ]
    paper, code = published_settings.table(rows, TABLE1, STUDY).rows
    assert (paper["setting"], paper["source"], code["source"]) == ("Precision", "paper", "code")
    assert (paper["gte_lion"], code["gte_lion"]) == ("bf16", "fp32")
    assert paper["gte_adamw_is"] == code["gte_adamw_is"] == "not said"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_the_table_fits_a_page(tmp_path):
    assert size_of(tex("published_settings", TABLE), tmp_path).width < PAGE[0]
