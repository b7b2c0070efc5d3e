"""The published settings: a wrong line is named, and a value is compared apart from its remark."""

from pathlib import Path

import pytest

from lionrank.errors import UserError
from lionrank.published import settings as published

SOURCES = ("paper", "thesis", "code")
SETTINGS = Path(__file__).parents[2] / "paper" / "published" / "lion" / "settings.csv"
COLUMNS = "setting,training,paper,thesis,code,note\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("setting,training,", "setting,trainings,", ":1: no column training; correct or restore"),
        (
            "schedule,modernbert_lion,cosine,",
            "schedule,modernbert_lion,",
            ":20: expected 6 cells",
        ),
        ("precision,minilm_adamw gte_*,bf16,", "precision,all,,", ": paper is empty; write -"),
        ("512 (inferred: ", "- (inferred: ", ":2: code: no value is inferred; write it before"),
    ],
)
def test_a_wrong_line_of_the_table_is_named(tmp_path, old, new, message):
    table = tmp_path / "settings.csv"
    text = SETTINGS.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        published.read(table, SOURCES)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(table))


def compared(tmp_path, row: str, alike=None, **trainings):
    (tmp_path / "settings.csv").write_text(COLUMNS + row + "\n")
    return published.compare_settings(
        published.read(tmp_path / "settings.csv", SOURCES),
        {},
        trainings,
        dict(zip(trainings, trainings, strict=True)) if alike is None else alike,
    )


def test_trainings_with_one_value_in_common_are_compared_once(tmp_path):
    row = "learning_rate,*_lion,2e-6 (in Table 2),-,3e-6,"
    settings = {"minilm_lion": 3e-6, "gte_lion": 3e-6, "modernbert_lion": 2e-6, "gte_adamw": 2e-5}
    trainings = {name: {"learning_rate": rate} for name, rate in settings.items()}
    both, alone = compared(tmp_path, row, **trainings)
    assert (both.trainings, both.ours) == (("minilm_lion", "gte_lion"), 3e-6)
    assert [both.differs(source) for source in SOURCES] == [True, False, False]
    assert (alone.trainings, alone.ours) == (("modernbert_lion",), 2e-6)
    assert [alone.differs(source) for source in SOURCES] == [False, False, True]
    assert both.said["paper"].remark == "in Table 2"


def test_a_training_is_compared_by_what_it_stands_for_and_any_other_not_at_all(tmp_path):
    rates = {"minilm_mine": 3e-6, "minilm_lion": 1e-5, "minilm_tunedlion": 2e-6}
    trainings = {name: {"learning_rate": rate} for name, rate in rates.items()}
    for row in ("learning_rate,minilm_lion,2e-6,-,-,", "learning_rate,minilm_*,2e-6,-,-,"):
        (found,) = compared(tmp_path, row, {"minilm_mine": "minilm_lion"}, **trainings)
        assert (found.trainings, found.ours) == (("minilm_mine",), 3e-6)


def test_an_inferred_value_is_compared_and_known_as_inferred(tmp_path):
    row = "global_batch_size,all,64,- (not known),512 (inferred: from its steps),"
    (row,) = compared(tmp_path, row, gte_lion={"global_batch_size": 512})
    assert [row.said[source].inferred for source in SOURCES] == [False, False, True]
    assert [row.differs(source) for source in SOURCES] == [True, False, False]
    assert (row.said["code"].value, row.said["code"].remark) == (512, "from its steps")


def test_a_setting_that_our_config_does_not_have_differs_from_every_value(tmp_path):
    (row,) = compared(tmp_path, "schedule.kind,all,cosine,-,-,", gte_lion={"schedule": None})
    assert not row.set_here
    assert [row.differs(source) for source in SOURCES] == [True, False, False]
