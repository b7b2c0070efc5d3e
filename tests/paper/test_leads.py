import pytest

from lionrank.paper.leads import leads
from lionrank.published.scores import read_scores
from lionrank.published.study import Study
from tests.support.papers import PAPER
from tests.support.studied import SCORES


def study_of(name):
    folder = PAPER / "published" / name
    study = Study.read(folder)
    return study, read_scores(folder / "table.csv", study)[study.primary]


def test_a_treatment_leads_where_none_is_higher_and_gains_where_bce_has_a_value():
    study, _ = study_of("objectives")
    _, second = SCORES
    values = {**SCORES, second: {k: v for k, v in SCORES[second].items() if k != "bert_infonce"}}
    found = {each.treatment: each for each in leads(values, study)}
    assert [*found] == ["bce", "infonce", "ranknet"]
    assert {name: (each.cells, each.led, each.gains) for name, each in found.items()} == {
        "bce": (4, 3, ()),
        "infonce": (1, 1, (0.125,)),
        "ranknet": (2, 1, (0.125, -0.375)),
    }
    assert found["ranknet"].above_bce == 1


def test_what_was_published_of_objectives_has_the_leads_that_its_table_has():
    study, values = study_of("objectives")
    found = {each.treatment: each for each in leads(values, study)}
    assert {name: each.led for name, each in found.items()} == {
        "bce": 0,
        "hinge": 0,
        "infonce": 22,
        "marginmse": 22,
        "ranknet": 6,
        "adrmse": 4,
    }
    above = {name: each.above_bce for name, each in found.items()}
    assert above == {**dict.fromkeys(("hinge", "infonce", "marginmse"), 54), "bce": 0} | {
        "ranknet": 49,
        "adrmse": 45,
    }
    assert min(found["infonce"].gains) == pytest.approx(0.0200, abs=5e-5)


def test_what_was_published_of_sizes_has_one_treatment():
    study, values = study_of("sizes")
    (only,) = leads(values, study)
    assert (only.treatment, only.gains, only.led) == ("marginmse", (), only.cells)
