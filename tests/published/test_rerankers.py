"""What was published of public rerankers."""

import pytest

from lionrank.config.sources import read_table
from lionrank.errors import UserError
from lionrank.measures import Measure
from lionrank.published.rerankers import read
from tests.support.configs import ROOT

FILE = ROOT / "paper" / "published" / "rerankers.csv"
HEADER = "checkpoint,test_set,metric,value,source,note\n"
ROW = "a,dl19,ndcg_cut_10,0.5,card,\n"


def test_the_values_are_of_checkpoints_in_the_table_of_sources_and_have_a_source():
    found = read(FILE)
    table = read_table(ROOT / "config" / "sources.csv")
    assert {each.checkpoint for each in found} <= table.keys()
    assert {table[each.checkpoint].kind for each in found} == {"model"}
    assert all(each.source and each.note for each in found)
    values = {(each.checkpoint, each.measure): each.value for each in found}
    assert values["minilm_l6_v2", Measure("dl19", "ndcg_cut_10")] == 0.7430
    assert values["electra_base", Measure("marco_dev", "recip_rank_10", 1)] == 0.3641


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("checkpoint,value\n", "rerankers.csv:1: no column "),
        (
            HEADER + ROW + "a,dl19,ndcg@10,0.5,card,\n",
            "3: metric is 'ndcg@10', none of",
        ),
        (HEADER + ROW + ROW, "3: a has a value of ndcg_cut_10 already"),
        (HEADER + "a,dl19,map,74.3,card,\n", "2: value is '74.3', not a number from 0 to 1"),
        (HEADER + "a,dl19,map,,card,\n", "2: value is '', not a number from 0 to 1"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, content, complaint):
    (tmp_path / "rerankers.csv").write_text(content)
    with pytest.raises(UserError, match=complaint):
        read(tmp_path / "rerankers.csv")
