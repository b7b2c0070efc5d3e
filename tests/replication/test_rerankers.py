"""What rerankers reach here, beside what was published of them."""

import pytest

from lionrank.errors import UserError
from lionrank.measures import Measure
from lionrank.published.rerankers import PublishedValue
from lionrank.replication.rerankers import read_means, to_text

NDCG, MRR = Measure("dl19", "ndcg_cut_10"), Measure("marco_dev", "recip_rank_10", 1)
PUBLISHED = [
    PublishedValue("row_a", NDCG, 0.743, "card of a", "other candidates"),
    PublishedValue("row_a", MRR, 0.39, "card of a", "other candidates"),
    PublishedValue("row_b", NDCG, 0.6984, "card of b", "older"),
    PublishedValue("row_c", NDCG, 0.5, "card of c", ""),
]
METRICS = """\
test_set,system,metric,level,mean,low,high,queries
dl19,bm25,ndcg_cut_10,,0.5,0.4,0.6,43
dl19,a,ndcg_cut_10,,0.73004,0.70,0.76,43
dl19,a,map,1,0.4,0.3,0.5,43
dl19,b,ndcg_cut_10,,0.71,0.70,0.72,43
"""


@pytest.fixture
def metrics(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text(METRICS)
    return path


def test_a_line_is_a_published_value_with_ours_and_the_difference(metrics):
    systems = {"a": "row_a", "b": "row_b", "new": "row_d"}
    text = to_text(systems, read_means(metrics, systems), PUBLISHED, "metrics.csv")
    heading, first, second, *notes = text.splitlines()
    assert heading.split()[:4] == ["system", "test", "set", "measure"]
    assert " ".join(first.split()) == ("a dl19 nDCG@10 0.7300 0.7000 to 0.7600 0.7430 -0.0130 [1]")
    # Outside our interval, which is marked.
    assert " ".join(second.split()) == (
        "b dl19 nDCG@10 0.7100 0.7000 to 0.7200 0.6984 * +0.0116 [2]"
    )
    assert notes == [
        "[1] card of a: other candidates",
        "[2] card of b: older",
        "published, and not in metrics.csv: a marco_dev recip_rank_10",
        "without published values: new",
    ]


def test_where_nothing_was_published_that_is_what_is_said(metrics):
    text = to_text({"new": "row_d"}, read_means(metrics, {"new"}), PUBLISHED, "metrics.csv")
    assert text == "without published values: new\n"


def test_a_damaged_mean_is_named(metrics):
    metrics.write_text(METRICS.replace("0.73004", "high"))
    with pytest.raises(UserError, match=r"metrics\.csv:3: .*'high'"):
        read_means(metrics, {"a"})
    assert ("bm25", NDCG) in read_means(metrics, {"bm25"})
